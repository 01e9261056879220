import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Customer, Member } from '#prisma/client/client.ts';
import { routes } from '#server/app.ts';
import { requestReveal } from '#server/approval/request-reveal.ts';
import { always, draftOf, hire } from './channel/channel-world.ts';
import { makeSegment, oneText } from './broadcast/planning.ts';
import { callerOf, makeContact, makeCustomer, makeDepartment, makeMember, openSession } from './support/factories.ts';
import { FakePlatform } from './support/fake-platform.ts';
import { useHttp } from './support/http.ts';
import { useWorld } from './support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);

/** What sends a request that carries a key, and how many rows there are of what it makes. */
interface Case {
  route: string;
  ask(): Promise<{ path: string; body: Record<string, unknown> }>;
  count(): Promise<number>;
}

let me: Member;
let as: string;
let customer: Customer;

beforeEach(async () => {
  platform.reset();
  me = await makeMember(world.deps, { role: 'admin', departments: [await makeDepartment(world.deps)] });
  as = await openSession(world.deps, me);
  customer = await makeCustomer(world.deps, { owner: me, phone: '13800138000' });
});

const segmentBody = async (more: Record<string, unknown>) => ({ segmentId: await makeSegment(world.deps), ...more });

async function makeApproval(): Promise<string> {
  const rep = await makeMember(world.deps);
  const wish = { customerId: customer.id, field: 'phone' as const, hours: 4, reason: '回访' };
  await world.deps.db.customer.update({ where: { id: customer.id }, data: { ownerId: rep.id } });
  const { id } = await requestReveal(world.deps, await callerOf(world.deps, rep), {
    ...wish,
    requestKey: randomUUID(),
  });
  await world.deps.db.approval.update({ where: { id }, data: { requesterId: me.id } });
  return id;
}

const cases: Case[] = [
  {
    route: 'POST /api/broadcasts',
    ask: async () => ({ path: '/api/broadcasts', body: await segmentBody({ name: '春季新品' }) }),
    count: () => world.deps.db.broadcast.count(),
  },
  {
    route: 'POST /api/broadcasts/:id/copy',
    ask: async () => {
      const { body } = await http.ask('POST', '/api/broadcasts', { as, body: { name: '春季新品' } });
      return { path: `/api/broadcasts/${(body as { id: string }).id}/copy`, body: {} };
    },
    count: () => world.deps.db.broadcast.count(),
  },
  {
    route: 'POST /api/tasks',
    ask: async () => ({ path: '/api/tasks', body: { title: '回电', dueAt: '2026-03-02T02:00:00.000Z' } }),
    count: () => world.deps.db.task.count(),
  },
  {
    route: 'POST /api/opportunities',
    ask: async () => ({
      path: '/api/opportunities',
      body: { customerId: customer.id, title: '50 人版', amountFen: 1_280_000 },
    }),
    count: () => world.deps.db.opportunity.count(),
  },
  {
    route: 'POST /api/customers',
    // A person without a phone number has nothing else by which a second would be known.
    ask: async () => ({ path: '/api/customers', body: { kind: 'person', name: '王小明' } }),
    count: () => world.deps.db.customer.count(),
  },
  {
    route: 'POST /api/customers/:id/notes',
    ask: async () => ({ path: `/api/customers/${customer.id}/notes`, body: { text: '下周再谈' } }),
    count: () => world.deps.db.customerNote.count(),
  },
  {
    route: 'POST /api/bindings/with-new-customer',
    ask: async () => {
      const contact = await makeContact(world.deps, { followedBy: [me] });
      return {
        path: '/api/bindings/with-new-customer',
        body: { contactId: contact.id, customer: { kind: 'person', name: '王小明' } },
      };
    },
    count: () => world.deps.db.binding.count(),
  },
  {
    route: 'POST /api/suggestions/feedback',
    ask: async () => {
      const contact = await makeContact(world.deps, { followedBy: [me] });
      return { path: '/api/suggestions/feedback', body: { contactId: contact.id, summaryId: null, verdict: 'up' } };
    },
    count: () => world.deps.db.suggestionFeedback.count(),
  },
  {
    route: 'POST /api/approvals/:id/comments',
    ask: async () => ({ path: `/api/approvals/${await makeApproval()}/comments`, body: { text: '请尽快' } }),
    count: () => world.deps.db.approvalHistory.count({ where: { action: 'commented' } }),
  },
  {
    route: 'POST /api/approvals/:id/attachments',
    ask: async () => ({
      path: `/api/approvals/${await makeApproval()}/attachments`,
      body: { name: '报价.txt', type: 'text/plain', base64: 'aGk=' },
    }),
    count: () => world.deps.db.approvalAttachment.count(),
  },
  {
    route: 'POST /api/approval-delegates',
    ask: async () => ({
      path: '/api/approval-delegates',
      body: {
        toMemberId: (await makeMember(world.deps)).id,
        fromAt: '2026-03-02T00:00:00.000Z',
        untilAt: '2026-03-09T00:00:00.000Z',
      },
    }),
    count: () => world.deps.db.approvalDelegate.count(),
  },
  {
    route: 'POST /api/materials',
    ask: async () => ({
      path: '/api/materials',
      body: { title: '开场白', folder: '', tags: [], content: { kind: 'text', text: '您好' } },
    }),
    count: () => world.deps.db.material.count(),
  },
  {
    route: 'POST /api/channels',
    ask: async () => {
      const [lin] = (await hire(world.deps, platform, 'lin')) as [Member];
      return { path: '/api/channels', body: { ...draftOf(always(lin)) } };
    },
    count: () => world.deps.db.channel.count(),
  },
  {
    route: 'POST /api/contact-lists',
    ask: async () => {
      const contact = await makeContact(world.deps, { followedBy: [me] });
      return { path: '/api/contact-lists', body: { name: '展会名单', contactIds: [contact.id, randomUUID()] } };
    },
    count: () => world.deps.db.contactList.count(),
  },
  {
    route: 'POST /api/series',
    ask: async () => ({
      path: '/api/series',
      body: {
        name: '新客跟进',
        entry: { kind: 'segment', segmentId: await makeSegment(world.deps) },
        steps: [{ afterDays: 1, action: { kind: 'notice', text: '看看' } }],
      },
    }),
    count: () => world.deps.db.series.count(),
  },
];

/** Have a key of their own, which tests of their rooms send twice. */
const byApproval = [
  'POST /api/approvals/reveal',
  'POST /api/opportunities/:id/stage',
  'POST /api/opportunities/:id/discount',
  'POST /api/opportunities/:id/terms',
  'POST /api/handovers',
];

/** Why sending it again does no harm without a key. */
const harmless: Record<string, readonly string[]> = {
  'what was sent before has moved it, and the second is told so': [
    'POST /api/login',
    'POST /api/bindings',
    'POST /api/bindings/history/:id/undo',
    'POST /api/tasks/:id/accept',
    'POST /api/tasks/:id/dismiss',
    'POST /api/tasks/:id/complete',
    'POST /api/tasks/:id/reopen',
    'POST /api/tasks/:id/snooze',
    'POST /api/tasks/:id/cancel',
    'POST /api/approvals/decide',
    'POST /api/approvals/:id/decide',
    'POST /api/approvals/:id/withdraw',
    'POST /api/approvals/:id/transfer',
    'POST /api/approvals/:id/answer',
    'POST /api/churn-alerts/:id/close',
    'POST /api/handovers/:id/submit',
    'POST /api/handovers/:id/withdraw',
    'POST /api/handovers/:id/retry',
    'POST /api/broadcasts/:id/submit',
    'POST /api/broadcasts/:id/withdraw',
    'POST /api/broadcasts/:id/cancel',
    'POST /api/member-accounts/join',
    'POST /api/member-accounts/separate',
    'POST /api/scoring-models/:id/promote',
  ],
  'its name is taken': ['POST /api/segments'],
  'it rings nobody again so soon': [
    'POST /api/approvals/:id/remind',
    'POST /api/team/remind',
    'POST /api/broadcasts/:id/remind',
  ],
  'what is there already is not added again': [
    'POST /api/customers/import',
    'POST /api/conversations/paste',
    'POST /api/approvals/:id/ask',
    'POST /api/scores/override',
  ],
  'it says how something is to be, and it is so': [
    'POST /api/logout',
    'POST /api/contacts/:id/tags',
    'POST /api/contacts/:id/opt-out',
    'POST /api/broadcasts/:id/pause',
    'POST /api/broadcasts/:id/resume',
    'POST /api/materials/:id/archive',
    'POST /api/channels/:id/archive',
    'POST /api/series/:id/state',
    'POST /api/series-runs/:id/state',
  ],
  'work that is asked for twice is done once, or comes to the same': [
    'POST /api/inbound/:id/replay',
    'POST /api/inbound/replay-dead',
    'POST /api/sync-runs',
    'POST /api/summaries/refresh',
    'POST /api/scoring-models/train',
    'POST /api/broadcasts/:id/check',
    // Of a file of the same name it becomes the next version.
    'POST /api/knowledge',
  ],
  'it reads, and each reading is written down': [
    'POST /api/contacts/:id/phones/reveal',
    'POST /api/customers/:id/phone/reveal',
  ],
  'it keeps nothing': [
    'POST /api/reply-drafts',
    'POST /api/approvals/preview',
    'POST /api/handovers/preview',
    'POST /api/materials/check-words',
    'POST /api/segments/count',
    'POST /api/segments/draft',
    'POST /api/contact-lists/match',
  ],
  'only whoever sends it twice sees it twice': ['POST /api/broadcasts/:id/test'],
  'a second file is in no list, and nobody chose it': ['POST /api/material-files'],
  'a number of uses is one too large': ['POST /api/materials/:id/use'],
};

test('of every POST it is said why sending it again does no harm', () => {
  const said = [...cases.map(({ route }) => route), ...byApproval, ...Object.values(harmless).flat()];
  const posts = routes.flatMap(({ endpoint: { method, path } }) => (method === 'POST' ? [`POST ${path}`] : []));
  expect(said.toSorted()).toEqual(posts.toSorted());
});

test('every route that takes a key is tried here or in the tests of its room', () => {
  const takes = routes.flatMap(({ endpoint: { method, path, body } }) =>
    'requestKey' in ((body as { shape?: object } | undefined)?.shape ?? {}) ? [`${method} ${path}`] : [],
  );
  expect([...cases.map(({ route }) => route), ...byApproval].toSorted()).toEqual(takes.toSorted());
});

describe.each(cases)('$route', ({ ask, count }) => {
  test('sent again with its key it is done once and answered as before; from somebody else the key is refused', async () => {
    const { path, body } = await ask();
    const before = await count();
    const keyed = { ...body, requestKey: randomUUID() };
    const first = await http.ask('POST', path, { as, body: keyed });
    expect([first.status < 300, first.code]).toEqual([true, '']);
    const again = await http.ask('POST', path, { as, body: keyed });
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect((await count()) - before).toBe(1);

    const other = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
    const foreign = await http.ask('POST', path, { as: other, body: keyed });
    expect([foreign.status, foreign.code]).toEqual([409, 'request.key']);
    expect((await count()) - before).toBe(1);
  });

  test('sent by two tries at the same moment it is done once', async () => {
    const { path, body } = await ask();
    const before = await count();
    const keyed = { ...body, requestKey: randomUUID() };
    const tries = await Promise.all([1, 2].map(() => http.ask('POST', path, { as, body: keyed })));
    const [one, two] = tries;
    expect([one?.code, two?.code, two?.status, idIn(two?.body)]).toEqual(['', '', one?.status, idIn(one?.body)]);
    expect((await count()) - before).toBe(1);
  });
});

/** Of what was made; a binding is known by its customer. */
function idIn(body: unknown): string | undefined {
  const { id, customer: bound } = body as { id?: string; customer?: { id: string } };
  return id ?? bound?.id;
}

describe('A draft of a broadcast whose answer was lost', () => {
  const send = (path: string, body: object) => http.ask('POST', path, { as, body });

  test('is answered as it was changed meanwhile, also when its segment is gone', async () => {
    const body = await segmentBody({ name: '春季新品', requestKey: randomUUID() });
    const { id } = (await send('/api/broadcasts', body)).body as { id: string };
    const edit = { version: 1, name: '夏季新品', audience: { segmentId: null }, content: oneText, sendAt: null };
    expect(await http.ask('PUT', `/api/broadcasts/${id}`, { as, body: edit })).toMatchObject({ status: 200 });
    expect((await http.ask('DELETE', `/api/segments/${body.segmentId}`, { as })).code).toBe('');
    expect(await send('/api/broadcasts', body)).toMatchObject({ status: 201, body: { id, name: '夏季新品' } });
    expect(await world.deps.db.broadcast.count()).toBe(1);
  });

  test('is not made anew when it was removed meanwhile: it is said to be gone', async () => {
    const body = { name: '春季新品', requestKey: randomUUID() };
    const { id } = (await send('/api/broadcasts', body)).body as { id: string };
    await http.ask('DELETE', `/api/broadcasts/${id}`, { as });
    expect(await send('/api/broadcasts', body)).toMatchObject({ status: 404, code: 'broadcast.unknown' });
    expect(await world.deps.db.broadcast.count()).toBe(0);
  });

  test('with other words and the same key is refused, and nothing is changed', async () => {
    const body = { name: '春季新品', requestKey: randomUUID() };
    await send('/api/broadcasts', body);
    expect(await send('/api/broadcasts', { ...body, name: '夏季新品' })).toMatchObject({ code: 'request.key' });
    expect(await world.deps.db.broadcast.findMany({ select: { name: true } })).toEqual([{ name: '春季新品' }]);
  });

  test('is the same copy whatever becomes of what it was copied from', async () => {
    const { id } = (await send('/api/broadcasts', { name: '春季新品' })).body as { id: string };
    const body = { requestKey: randomUUID() };
    const copy = (await send(`/api/broadcasts/${id}/copy`, body)).body as { id: string };
    await http.ask('DELETE', `/api/broadcasts/${id}`, { as });
    expect(await send(`/api/broadcasts/${id}/copy`, body)).toMatchObject({ status: 201, body: { id: copy.id } });
  });
});

test('a list of contacts or a stand-in that was removed meanwhile is not made anew either', async () => {
  for (const [route, code] of [
    ['POST /api/contact-lists', 'contact_list.unknown'],
    ['POST /api/approval-delegates', 'approval.delegate_unknown'],
  ]) {
    const found = cases.find((each) => each.route === route);
    if (!found) throw new Error(`${route} is not in the table.`);
    const { path, body } = await found.ask();
    const keyed = { ...body, requestKey: randomUUID() };
    const made = (await http.ask('POST', path, { as, body: keyed })).body as { id: string };
    expect(await http.ask('DELETE', `${path}/${made.id}`, { as })).toMatchObject({ status: 200 });
    expect(await http.ask('POST', path, { as, body: keyed })).toMatchObject({ status: 404, code });
  }
});

test('a task sent again after it was done is the one that is done, and its assignee is told once', async () => {
  const rep = await makeMember(world.deps);
  const body = { title: '回电', assigneeId: rep.id, requestKey: randomUUID() };
  const { id } = (await http.ask('POST', '/api/tasks', { as, body })).body as { id: string };
  const told = () => world.deps.db.notice.count({ where: { memberId: rep.id } });
  expect(await told()).toBe(1);
  await http.ask('POST', `/api/tasks/${id}/complete`, { as, body: { version: 1 } });
  const before = await told();
  expect(await http.ask('POST', '/api/tasks', { as, body })).toMatchObject({
    status: 201,
    body: { id, state: 'done' },
  });
  expect([await world.deps.db.task.count(), await told()]).toEqual([1, before]);
});
