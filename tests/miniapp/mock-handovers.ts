import {
  handoverApi,
  type HandoverItemView,
  type HandoverView,
  type KindCounts,
  type PlanView,
} from '#server/handover/handover-api.ts';
import { id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockHandovers {
  all: HandoverView[];
  items: HandoverItemView[];
  leavers: { member: { id: string; name: string }; leftAt: string | null; counts: KindCounts }[];
}

export const taker = { id: id(4), name: '孙倩' };
export const second = { id: id(3), name: '赵总监' };
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
const counts: KindCounts = { contact: 4, customer: 1, opportunity: 1, task: 1, approval: 0 };
const noProgress = { planned: 0, asking: 0, waiting: 0, done: 0, refused: 0, failed: 0, kept: 0 };

export function someHandover(n: number, changes: Partial<HandoverView> = {}): HandoverView {
  return {
    id: id(n),
    from: rep,
    leaver: false,
    state: 'draft',
    reason: '调到华南区',
    message: '后续由我的同事为您服务',
    createdBy: manager,
    createdAt: hoursAgo(3),
    startedAt: null,
    finishedAt: null,
    approvalId: null,
    version: 1,
    takers: [
      { member: taker, counts: { ...counts, contact: 3 } },
      { member: second, counts: { contact: 1, customer: 0, opportunity: 0, task: 0, approval: 0 } },
    ],
    counts,
    progress: { ...noProgress, planned: 7 },
    may: { edit: true, submit: true, withdraw: true, retry: false },
    ...changes,
  };
}

/** Partly done: one contact was refused by the platform, one stayed of their own will. */
export const partly = (n: number): HandoverView =>
  someHandover(n, {
    state: 'partly',
    startedAt: hoursAgo(30),
    finishedAt: hoursAgo(1),
    progress: { ...noProgress, done: 5, refused: 1, kept: 1 },
    may: { edit: false, submit: false, withdraw: false, retry: true },
  });

export function someItems(state: HandoverItemView['state'] = 'planned'): HandoverItemView[] {
  const item = (n: number, about: Partial<HandoverItemView>): HandoverItemView => ({
    id: id(800 + n),
    kind: 'contact',
    subjectId: id(900 + n),
    name: '',
    customerName: null,
    to: taker,
    state,
    reason: null,
    code: null,
    attempts: 0,
    askedAt: null,
    doneAt: null,
    ...about,
  });
  return [
    item(1, { name: '陈小燕', customerName: '苏州恒达精密机械有限公司' }),
    item(2, { name: '孙女士 <img src=x onerror="window.wasHacked=true">', to: second }),
    item(3, { kind: 'customer', name: '苏州恒达精密机械有限公司' }),
  ];
}

export function handoverDeeds(mock: MockProduct, on: On): Route[] {
  const found = ({ params }: Asked): HandoverView => {
    const handover = mock.handovers.all.find((one) => one.id === params['id']);
    if (!handover) throw new Refusing({ status: 404, code: 'handover.unknown' });
    return handover;
  };
  const change = (asked: Asked, changes: Partial<HandoverView>): HandoverView => Object.assign(found(asked), changes);
  const settled = { edit: false, submit: false, withdraw: false, retry: false };
  return [
    on(handoverApi.belongings, ({ query }) => ({
      counts: query['memberId'] ? counts : null,
      leavers: query['memberId'] ? [] : mock.handovers.leavers,
    })),
    on(handoverApi.preview, ({ body }): PlanView => ({
      from: rep,
      leaver: false,
      takers: someHandover(0).takers.slice(0, (body['rule'] as { by: string }).by === 'one' ? 1 : 2),
      counts,
      blocked: [{ kind: 'contact', id: id(990), name: '吴先生', to: taker, reason: 'contact_removed' }],
      blockedCount: 1,
    })),
    on(handoverApi.create, ({ body }) => {
      const made = someHandover(0, { id: String(body['requestKey']), reason: String(body['reason']) });
      if (!mock.handovers.all.some((one) => one.id === made.id)) mock.handovers.all.push(made);
      return made;
    }),
    on(handoverApi.list, ({ query }) => ({
      items: mock.handovers.all.filter((one) => !query['state'] || one.state === query['state']),
      nextAfter: null,
    })),
    on(handoverApi.read, (asked) => ({
      ...found(asked),
      history: [{ at: hoursAgo(3), by: manager, action: 'created', detail: {} }],
    })),
    on(handoverApi.items, ({ query }) => ({
      items: mock.handovers.items.filter((one) => !query['kind'] || one.kind === query['kind']),
      nextAfter: null,
    })),
    on(handoverApi.edit, (asked) => change(asked, { version: found(asked).version + 1 })),
    on(handoverApi.submit, (asked) =>
      change(asked, { state: 'asked', may: { ...settled, withdraw: true }, approvalId: id(701) }),
    ),
    on(handoverApi.withdraw, (asked) =>
      change(asked, { state: 'withdrawn', progress: { ...noProgress, kept: 7 }, may: settled }),
    ),
    on(handoverApi.retry, (asked) =>
      change(asked, { state: 'running', progress: { ...noProgress, done: 5, planned: 1, kept: 1 }, may: settled }),
    ),
  ];
}
