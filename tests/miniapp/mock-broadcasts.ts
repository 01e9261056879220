import { broadcastApi, type BroadcastView } from '#server/broadcast/broadcast-api.ts';
import { resultsApi, type EffectView, type ResultView } from '#server/broadcast/results-api.ts';
import { director, id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockBroadcasts {
  all: BroadcastView[];
  results: ResultView;
}

const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
const nothing = {
  edit: false,
  submit: false,
  withdraw: false,
  pause: false,
  resume: false,
  cancel: false,
  remind: false,
};

export const somePlan = (): NonNullable<BroadcastView['plan']> => ({
  counts: {
    segment: 1280,
    target: 981,
    holdOut: 109,
    excluded: { opted_out: 12, removed_us: 38, cap_month: 90, fatigue: 50 },
    variants: { A: 981 },
    members: 14,
  },
  plannedAt: hoursAgo(0.1),
  fresh: true,
  detectable: 8.4,
});

export function someDraft(n: number, changes: Partial<BroadcastView> = {}): BroadcastView {
  return {
    id: id(n),
    name: '季末回访',
    platform: 'wecom',
    state: 'draft',
    pausedAt: null,
    segment: { id: id(700), name: '报价后没下文', version: 3 },
    audience: { segmentId: id(700), memberIds: null, senderRule: 'last_chat', holdOutPercent: 10 },
    content: {
      variants: [
        { key: 'A', share: 100, content: { text: '您好，我是{member}，报价单还有什么要确认的吗？', attachments: [] } },
      ],
    },
    sendAt: null,
    owner: manager,
    version: 4,
    tested: true,
    planning: null,
    plan: somePlan(),
    checks: [],
    approval: null,
    contentHash: null,
    recipientHash: null,
    startedAt: null,
    confirmBy: null,
    finishedAt: null,
    cancelledAt: null,
    cancelReason: null,
    progress: { deliveries: 0, asked: 0, confirmed: 0, waitingUntil: null },
    may: { ...nothing, edit: true, submit: true, cancel: true },
    createdAt: hoursAgo(30),
    updatedAt: hoursAgo(1),
    ...changes,
  };
}

export const waiting = (n: number, changes: Partial<BroadcastView> = {}): BroadcastView =>
  someDraft(n, {
    state: 'awaiting_approval',
    approval: { id: id(951), state: 'pending', waitsFor: [director.name] },
    contentHash: 'a',
    recipientHash: 'b',
    may: { ...nothing, withdraw: true, cancel: true },
    ...changes,
  });
export const running = (n: number, changes: Partial<BroadcastView> = {}): BroadcastView =>
  waiting(n, {
    state: 'running',
    startedAt: hoursAgo(20),
    confirmBy: new Date(Date.now() + 50 * HOUR_MS).toISOString(),
    progress: { deliveries: 14, asked: 14, confirmed: 11, waitingUntil: null },
    may: { ...nothing, pause: true, cancel: true, remind: true },
    ...changes,
  });

const effect = (sent: number, held: number, changes: Partial<EffectView> = {}): EffectView => ({
  sent: { of: 981, did: Math.round(981 * sent), rate: sent },
  held: { of: 109, did: Math.round(109 * held), rate: held },
  difference: sent - held,
  low: sent - held - 0.03,
  high: sent - held + 0.03,
  says: 'more',
  ...changes,
});

export const someResults = (changes: Partial<ResultView> = {}): ResultView => ({
  resultsAt: hoursAgo(0.2),
  concerns: { optedOut: 0, unsure: 0 },
  waterfall: {
    segment: 1280,
    excluded: 190,
    holdOut: 109,
    target: 981,
    asked: 981,
    confirmed: 802,
    delivered: 771,
    replied: 121,
    deals: 9,
  },
  failures: [
    { reason: 'not_confirmed', count: 179 },
    { reason: 'over_quota', count: 22 },
    { reason: 'not_connected', count: 9 },
  ],
  members: [
    {
      member: rep,
      target: 120,
      state: 'confirmed',
      delivered: 114,
      failed: 6,
      replied: 21,
      deals: 2,
      remindedAt: null,
    },
    {
      member: manager,
      target: 80,
      state: 'waiting',
      delivered: 0,
      failed: 0,
      replied: 0,
      deals: 0,
      remindedAt: hoursAgo(2),
    },
  ],
  variants: [
    {
      key: 'A',
      target: 491,
      delivered: 386,
      replied: { of: 491, did: 71, rate: 0.145 },
      deals: { of: 491, did: 6, rate: 0.012 },
    },
    {
      key: 'B',
      target: 490,
      delivered: 385,
      replied: { of: 490, did: 50, rate: 0.102 },
      deals: { of: 490, did: 3, rate: 0.006 },
    },
  ],
  windowDays: 7,
  lift: {
    replies: effect(0.123, 0.046),
    deals: effect(0.009, 0.009, { says: 'unclear', low: -0.02, high: 0.02, difference: 0 }),
    revenue: { sentMean: 120.5, heldMean: 90, difference: 30.5, low: -12, high: 73, says: 'too_few' },
  },
  ...changes,
});

export const noBroadcasts = (): MockBroadcasts => ({
  all: [],
  results: someResults(),
});

/** What only sending says, as the server says it of a draft. */
const checksOf = ({ audience, content, tested }: BroadcastView): BroadcastView['checks'] => [
  ...(audience.segmentId
    ? []
    : [
        {
          code: 'segment_missing' as const,
          level: 'block' as const,
          path: 'audience.segmentId',
          message: 'Choose one.',
        },
      ]),
  ...content.variants.flatMap((one, at) =>
    one.content.text.trim() || one.content.attachments.length
      ? []
      : [
          {
            code: 'text_empty' as const,
            level: 'block' as const,
            path: `content.variants.${at}.content.text`,
            message: 'Say something.',
          },
        ],
  ),
  ...(tested ? [] : [{ code: 'not_tested' as const, level: 'block' as const, path: 'content', message: 'Test it.' }]),
];

export function broadcastDeeds(mock: MockProduct, on: On): Route[] {
  const { broadcasts } = mock;
  const find = ({ params }: Asked): BroadcastView => {
    const found = broadcasts.all.find((one) => one.id === params['id']);
    if (!found) throw new Refusing({ status: 404, code: 'broadcast.unknown' });
    return found;
  };
  const change = (asked: Asked, changes: Partial<BroadcastView>): BroadcastView => Object.assign(find(asked), changes);
  const seen = (asked: Asked): BroadcastView => {
    const found = find(asked);
    if (asked.body['version'] !== found.version) throw new Refusing({ status: 409, code: 'broadcast.stale' });
    return found;
  };
  return [
    on(broadcastApi.list, ({ query }) => ({
      items: broadcasts.all
        .filter(
          ({ state, name }) => (!query['state'] || state === query['state']) && name.includes(query['search'] ?? ''),
        )
        .map((one) => ({
          ...one,
          segmentName: one.segment?.name ?? null,
          target: one.plan?.counts.target ?? null,
          delivered: one.startedAt ? 771 : 0,
          replied: one.startedAt ? 121 : 0,
        })),
      nextAfter: null,
    })),
    on(broadcastApi.create, ({ body }) => {
      const segmentId = (body['segmentId'] as string | undefined) ?? null;
      const made = someDraft(960 + broadcasts.all.length, {
        name: String(body['name']),
        segment: segmentId ? { id: segmentId, name: '报价后没下文', version: 3 } : null,
        audience: { segmentId, memberIds: null, senderRule: 'last_chat', holdOutPercent: 10 },
        content: { variants: [{ key: 'A', share: 100, content: { text: '', attachments: [] } }] },
        version: 1,
        tested: false,
        plan: null,
      });
      made.checks = checksOf(made);
      broadcasts.all.unshift(made);
      return made;
    }),
    on(broadcastApi.read, find),
    on(broadcastApi.edit, (asked) => {
      const found = seen(asked);
      const audience = asked.body['audience'] as BroadcastView['audience'];
      const { segmentId } = audience;
      Object.assign(found, asked.body, {
        version: found.version + 1,
        tested: JSON.stringify(asked.body['content']) === JSON.stringify(found.content) && found.tested,
        segment: segmentId ? { id: segmentId, name: '报价后没下文', version: 3 } : null,
        plan: found.plan && { ...found.plan, fresh: false },
      });
      found.checks = checksOf(found);
      return found;
    }),
    on(broadcastApi.copy, (asked) => {
      const made = someDraft(980, {
        ...find(asked),
        id: id(980),
        state: 'draft',
        may: someDraft(0).may,
        startedAt: null,
      });
      broadcasts.all.unshift(made);
      return made;
    }),
    on(broadcastApi.remove, (asked) => {
      broadcasts.all = broadcasts.all.filter((one) => one !== find(asked));
      return {};
    }),
    on(broadcastApi.check, (asked) => change(asked, { plan: somePlan(), planning: null })),
    on(resultsApi.recipients, ({ query }) => ({
      items: query['after']
        ? [{ ...somebody(443), name: '周*' }]
        : [
            { ...somebody(441), part: query['part'] ?? 'target', reason: query['reason'] ?? null },
            { ...somebody(442), name: null },
          ],
      nextAfter: query['after'] ? null : 'page-2',
    })),
    on(broadcastApi.test, (asked) => {
      const found = change(asked, { tested: true });
      found.checks = checksOf(found);
      return found;
    }),
    on(broadcastApi.submit, (asked) => {
      seen(asked);
      return change(
        asked,
        waiting(0, { id: find(asked).id, version: find(asked).version + 1, content: find(asked).content }),
      );
    }),
    on(broadcastApi.withdraw, (asked) => change(asked, { state: 'draft', approval: null, may: someDraft(0).may })),
    on(broadcastApi.pause, (asked) =>
      change(asked, { pausedAt: hoursAgo(0), may: { ...find(asked).may, pause: false, resume: true } }),
    ),
    on(broadcastApi.resume, (asked) =>
      change(asked, { pausedAt: null, may: { ...find(asked).may, pause: true, resume: false } }),
    ),
    on(broadcastApi.cancel, (asked) =>
      change(asked, { state: 'cancelled', cancelReason: String(asked.body['reason']), may: nothing }),
    ),
    on(broadcastApi.remind, () => ({ reminded: 1, tooOften: 0 })),
    on(resultsApi.results, () => broadcasts.results),
  ];
}

const somebody = (n: number) => ({
  contactId: id(n),
  name: '王*明' as string | null,
  customerName: null,
  part: 'target',
  reason: null as string | null,
  member: rep,
  variant: 'A',
  state: 'delivered',
  failure: null,
  deliveredAt: hoursAgo(3),
  repliedAt: null,
});
