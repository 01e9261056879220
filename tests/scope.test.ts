import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Contact, Customer, Department, Member } from '#prisma/client/client.ts';
import { routes } from '#server/app.ts';
import { requestReveal } from '#server/approval/request-reveal.ts';
import { roles, type Role } from '#server/base/caller.ts';
import { sealJson } from '#server/base/field-cipher.ts';
import { broadcastRoutes } from '#server/broadcast/broadcast-routes.ts';
import { channelRoutes } from '#server/channel/channel-routes.ts';
import { handoverRoutes } from '#server/handover/handover-routes.ts';
import { knowledgeRoutes } from '#server/knowledge/knowledge-routes.ts';
import { materialRoutes } from '#server/material/material-routes.ts';
import { insertScore } from '#server/scoring/scoring-store.ts';
import { callerOf, makeContact, makeCustomer, makeDepartment, makeMember, openSession } from './support/factories.ts';
import { FakePlatform } from './support/fake-platform.ts';
import { useHttp } from './support/http.ts';
import { useWorld } from './support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);

/** What one member has: a contact they follow, bound to a customer they own, and what belongs to these. */
interface Property {
  owner: Member;
  contact: Contact;
  customer: Customer;
  /** Owned and unbound. */
  secondCustomer: Customer;
  tagId: string;
  makeTask(state?: string): Promise<string>;
  makeOpportunity(): Promise<string>;
  makeBindingChange(): Promise<bigint>;
  /** Asked by the owner; somebody else decides. */
  makeApproval(): Promise<string>;
}

interface Asked {
  path: string;
  body?: unknown;
}

/** One question to a route about somebody's property: 404 for who may not see it, as if it did not exist. */
interface Case {
  route: string;
  ask(of: Property): Asked | Promise<Asked>;
  /** For a route that is never 404 but shows more or less: whether the answer shows the property. */
  shows?: (body: unknown, of: Property) => boolean;
  /** Only these may ask; all when nothing is said. */
  roles?: readonly Role[];
}

const lists =
  (idOf: (of: Property) => string) =>
  (body: unknown, of: Property): boolean =>
    (body as { items: { id: string }[] }).items.some(({ id }) => id === idOf(of));

const onTask = (action: string, state: string, more: Record<string, unknown> = {}): Case => ({
  route: `POST /api/tasks/:id/${action}`,
  ask: async ({ makeTask }) => ({
    path: `/api/tasks/${await makeTask(state)}/${action}`,
    body: { version: 1, ...more },
  }),
});

const onApproval = (action: string, body: Record<string, unknown>): Case => ({
  route: `POST /api/approvals/:id/${action}`,
  ask: async ({ makeApproval }) => ({ path: `/api/approvals/${await makeApproval()}/${action}`, body }),
});

const onOpportunity = (method: string, action: string, body?: Record<string, unknown>): Case => ({
  route: `${method} /api/opportunities/:id${action}`,
  ask: async ({ makeOpportunity }) => ({
    path: `/api/opportunities/${await makeOpportunity()}${action}`,
    ...(body ? { body: 'requestKey' in body ? { ...body, requestKey: randomUUID() } : body } : {}),
  }),
});

const leaders: Role[] = ['manager', 'director', 'admin'];
const marketers: Role[] = ['marketing', ...leaders];

/** Nobody has been in touch with the customer for a year. */
async function forget({ id }: Customer): Promise<void> {
  await world.deps.db.customer.update({ where: { id }, data: { createdAt: new Date('2025-01-01') } });
  await world.deps.db.task.updateMany({ data: { doneAt: null } });
}

async function makeAlert({ contact, owner }: Property): Promise<{ id: string; contactId: string }> {
  const factors = sealJson(world.deps.cipher, []);
  const about = { contactId: contact.id, openOf: contact.id, ownerId: owner.id };
  return world.deps.db.churnAlert.upsert({
    where: { openOf: contact.id },
    create: { ...about, at: world.deps.now(), risk: 70, factors },
    update: {},
  });
}

/** The contact on its way through a series. */
async function makeRun({ contact, owner }: Property): Promise<{ id: string; seriesId: string }> {
  const entry = { kind: 'segment', segmentId: randomUUID() };
  const data = { name: '跟进', entry, steps: [], ownerId: owner.id };
  const { id: seriesId } = await world.deps.db.series.create({ data });
  const run = { seriesId, contactId: contact.id, memberId: owner.id, steps: [] };
  return world.deps.db.seriesRun.create({ data: { ...run, nextAt: world.deps.now() } });
}

/** Every route that shows or changes what belongs to a customer. A new one gets its line here. */
const cases: Case[] = [
  { route: 'GET /api/members', ask: () => ({ path: '/api/members' }), shows: lists(({ owner }) => owner.id) },

  {
    route: 'POST /api/contacts/:id/tags',
    ask: ({ contact, tagId }) => ({ path: `/api/contacts/${contact.id}/tags`, body: { add: [tagId] } }),
  },
  {
    route: 'PATCH /api/contacts/:id/remark',
    ask: ({ contact }) => ({ path: `/api/contacts/${contact.id}/remark`, body: { remark: '备注' } }),
  },
  {
    route: 'POST /api/contacts/:id/phones/reveal',
    ask: ({ contact }) => ({ path: `/api/contacts/${contact.id}/phones/reveal`, body: {} }),
  },
  {
    route: 'POST /api/contacts/:id/opt-out',
    ask: ({ contact }) => ({ path: `/api/contacts/${contact.id}/opt-out`, body: { optedOut: true } }),
    // Marketing does it for whoever asked them.
    roles: ['rep', ...leaders],
  },

  {
    route: 'GET /api/contacts/:id/series',
    ask: ({ contact }) => ({ path: `/api/contacts/${contact.id}/series` }),
  },
  {
    route: 'GET /api/series/:id/runs',
    ask: async (of) => ({ path: `/api/series/${(await makeRun(of)).seriesId}/runs` }),
    shows: (body) => (body as { items: unknown[] }).items.length > 0,
    roles: ['marketing', ...leaders],
  },
  {
    route: 'POST /api/series-runs/:id/state',
    ask: async (of) => ({ path: `/api/series-runs/${(await makeRun(of)).id}/state`, body: { state: 'paused' } }),
  },

  { route: 'GET /api/customers', ask: () => ({ path: '/api/customers' }), shows: lists(({ customer }) => customer.id) },
  { route: 'GET /api/customers/:id', ask: ({ customer }) => ({ path: `/api/customers/${customer.id}` }) },
  {
    route: 'PATCH /api/customers/:id',
    ask: ({ secondCustomer }) => ({ path: `/api/customers/${secondCustomer.id}`, body: { version: 1, grade: 'A' } }),
  },
  {
    route: 'POST /api/customers/:id/phone/reveal',
    ask: ({ customer }) => ({ path: `/api/customers/${customer.id}/phone/reveal`, body: {} }),
  },
  {
    route: 'GET /api/customers/:id/history',
    ask: ({ customer }) => ({ path: `/api/customers/${customer.id}/history` }),
  },
  { route: 'GET /api/customers/:id/notes', ask: ({ customer }) => ({ path: `/api/customers/${customer.id}/notes` }) },
  {
    route: 'POST /api/customers/:id/notes',
    ask: ({ customer }) => ({ path: `/api/customers/${customer.id}/notes`, body: { text: '去过了' } }),
  },

  {
    route: 'GET /api/bindings/candidates',
    ask: ({ contact }) => ({ path: `/api/bindings/candidates?contactId=${contact.id}` }),
  },
  {
    route: 'POST /api/bindings',
    ask: ({ contact, secondCustomer }) => ({
      path: '/api/bindings',
      body: { contactId: contact.id, customerId: secondCustomer.id },
    }),
  },
  {
    route: 'POST /api/bindings/with-new-customer',
    ask: ({ contact }) => ({
      path: '/api/bindings/with-new-customer',
      body: { contactId: contact.id, customer: { kind: 'organisation', name: `新客户 ${contact.key} 有限公司` } },
    }),
  },
  {
    route: 'PATCH /api/bindings/:contactId/:customerId',
    ask: ({ contact, customer }) => ({
      path: `/api/bindings/${contact.id}/${customer.id}`,
      body: { role: 'decision_maker' },
    }),
  },
  {
    route: 'GET /api/bindings/history',
    ask: ({ contact }) => ({ path: `/api/bindings/history?contactId=${contact.id}` }),
  },
  {
    route: 'POST /api/bindings/history/:id/undo',
    ask: async ({ makeBindingChange }) => ({
      path: `/api/bindings/history/${await makeBindingChange()}/undo`,
      body: {},
    }),
  },
  {
    route: 'DELETE /api/bindings/:contactId/:customerId',
    ask: ({ contact, customer }) => ({ path: `/api/bindings/${contact.id}/${customer.id}` }),
  },

  {
    route: 'GET /api/tasks',
    ask: async ({ makeTask, contact }) => {
      await makeTask();
      return { path: `/api/tasks?contactId=${contact.id}` };
    },
    shows: (body) => (body as { items: unknown[] }).items.length > 0,
  },
  {
    route: 'POST /api/tasks',
    ask: ({ contact }) => ({ path: '/api/tasks', body: { title: '回电', contactId: contact.id } }),
  },
  {
    route: 'PATCH /api/tasks/:id',
    ask: async ({ makeTask }) => ({ path: `/api/tasks/${await makeTask()}`, body: { version: 1, title: '回电' } }),
  },
  onTask('accept', 'proposed'),
  onTask('dismiss', 'proposed'),
  onTask('complete', 'open'),
  onTask('reopen', 'done'),
  onTask('snooze', 'open', { until: '2026-03-02T02:00:00.000Z' }),
  onTask('cancel', 'open'),

  { route: 'GET /api/scores', ask: ({ contact }) => ({ path: `/api/scores?contactId=${contact.id}` }) },
  {
    route: 'POST /api/scores/override',
    ask: ({ contact }) => ({
      path: '/api/scores/override',
      body: { contactId: contact.id, value: 80, reason: '见过面' },
    }),
  },
  {
    route: 'DELETE /api/scores/override',
    ask: ({ contact }) => ({ path: `/api/scores/override?contactId=${contact.id}` }),
  },
  {
    route: 'POST /api/summaries/refresh',
    ask: ({ contact }) => ({ path: '/api/summaries/refresh', body: { contactId: contact.id } }),
  },
  {
    route: 'POST /api/reply-drafts',
    ask: ({ contact }) => ({ path: '/api/reply-drafts', body: { contactId: contact.id, style: 'another' } }),
  },
  {
    route: 'PUT /api/reply-drafts/:contactId',
    ask: ({ contact }) => ({ path: `/api/reply-drafts/${contact.id}`, body: { text: '您好' } }),
  },
  {
    route: 'POST /api/suggestions/feedback',
    ask: ({ contact }) => ({
      path: '/api/suggestions/feedback',
      body: { contactId: contact.id, summaryId: null, verdict: 'up' },
    }),
  },

  {
    route: 'GET /api/approvals/:id',
    ask: async ({ makeApproval }) => ({ path: `/api/approvals/${await makeApproval()}` }),
  },
  {
    route: 'POST /api/approvals/reveal',
    ask: ({ customer }) => ({
      path: '/api/approvals/reveal',
      body: { customerId: customer.id, field: 'phone', hours: 4, reason: '回访', requestKey: randomUUID() },
    }),
  },
  {
    route: 'POST /api/approvals/decide',
    ask: async ({ makeApproval }) => ({
      path: '/api/approvals/decide',
      body: { kind: 'sensitive_reveal', items: [{ id: await makeApproval(), revision: 1 }] },
    }),
    shows: (body) =>
      (body as { items: { error: { code: string } | null }[] }).items[0]?.error?.code !== 'approval.unknown',
  },
  onApproval('decide', { revision: 1, decision: 'approve' }),
  onApproval('withdraw', {}),
  onApproval('remind', {}),
  {
    route: 'POST /api/approvals/:id/transfer',
    ask: async ({ makeApproval, owner }) => ({
      path: `/api/approvals/${await makeApproval()}/transfer`,
      body: { revision: 1, toMemberId: owner.id },
    }),
  },
  onApproval('ask', { revision: 1, question: '为什么？' }),
  onApproval('answer', { text: '因为' }),
  onApproval('comments', { text: '好' }),
  onApproval('attachments', { name: '报价.txt', type: 'text/plain', base64: 'aGk=' }),
  {
    route: 'GET /api/approvals/:id/attachments/:attachmentId',
    ask: async ({ makeApproval }) => {
      const id = await makeApproval();
      const file = { approvalId: id, name: '报价.txt', type: 'text/plain', bytes: 2, addedBy: id };
      const { deps } = world;
      const row = await deps.db.approvalAttachment.create({
        data: { ...file, content: deps.cipher.encrypt('aGk=') },
      });
      return { path: `/api/approvals/${id}/attachments/${row.id}` };
    },
  },

  {
    route: 'GET /api/churn-alerts',
    ask: async (of) => ({ path: `/api/churn-alerts?contactId=${(await makeAlert(of)).contactId}` }),
    shows: (body) => (body as { items: unknown[] }).items.length > 0,
  },
  {
    route: 'POST /api/churn-alerts/:id/close',
    ask: async (of) => ({ path: `/api/churn-alerts/${(await makeAlert(of)).id}/close`, body: { state: 'done' } }),
  },
  {
    route: 'GET /api/opportunities',
    ask: async ({ makeOpportunity, customer }) => {
      await makeOpportunity();
      return { path: `/api/opportunities?customerId=${customer.id}` };
    },
    shows: (body) => (body as { items: unknown[] }).items.length > 0,
  },
  {
    route: 'GET /api/opportunities/prefill',
    ask: ({ contact }) => ({ path: `/api/opportunities/prefill?contactId=${contact.id}` }),
  },
  {
    route: 'POST /api/opportunities',
    ask: ({ customer, contact }) => ({
      path: '/api/opportunities',
      body: { customerId: customer.id, contactId: contact.id, title: '50 人版' },
    }),
  },
  onOpportunity('GET', ''),
  onOpportunity('PATCH', '', { version: 1, amountFen: 1_280_000 }),
  onOpportunity('POST', '/stage', { version: 1, stage: 'lost', outcome: '价格' }),
  onOpportunity('POST', '/discount', { discountBp: 1500, reason: '量大', requestKey: randomUUID() }),
  onOpportunity('POST', '/terms', { terms: '分两期', reason: '量大', requestKey: randomUUID() }),
  {
    route: 'GET /api/team/summary',
    ask: async ({ makeTask }) => {
      const id = await makeTask();
      await world.deps.db.task.update({ where: { id }, data: { dueAt: new Date('2026-02-01') } });
      return { path: '/api/team/summary' };
    },
    shows: (body) => (body as { overdueTasks: number }).overdueTasks > 0,
  },
  {
    route: 'GET /api/team/pipeline',
    roles: leaders,
    ask: async ({ customer, owner }) => {
      const sale = {
        customerId: customer.id,
        ownerId: owner.id,
        createdBy: owner.id,
        title: world.deps.cipher.encrypt('x'),
      };
      await world.deps.db.opportunity.create({ data: sale });
      return { path: '/api/team/pipeline' };
    },
    shows: (body) => (body as { stages: { count: number }[] }).stages.some(({ count }) => count > 0),
  },
  {
    route: 'GET /api/team/reps',
    roles: leaders,
    ask: () => ({ path: '/api/team/reps' }),
    shows: (body, { owner }) =>
      (body as { items: { member: { id: string } }[] }).items.some(({ member }) => member.id === owner.id),
  },
  {
    route: 'GET /api/team/silent',
    roles: leaders,
    ask: async ({ customer }) => {
      await forget(customer);
      return { path: '/api/team/silent' };
    },
    shows: (body, of) =>
      (body as { items: { customer: { id: string } }[] }).items.some(({ customer }) => customer.id === of.customer.id),
  },
  {
    route: 'POST /api/team/remind',
    roles: leaders,
    ask: async ({ customer }) => {
      await forget(customer);
      return { path: '/api/team/remind', body: { about: 'customer', id: customer.id } };
    },
  },

  // Numbers are everyone's who may make segments; the people among them are not.
  {
    route: 'POST /api/segments/count',
    roles: marketers,
    ask: () => ({ path: '/api/segments/count', body: { rule: { all: [] } } }),
    shows: (body, { contact }) =>
      (body as { samples: { contactId: string }[] }).samples.some(({ contactId }) => contactId === contact.id),
  },
  {
    route: 'POST /api/contact-lists',
    roles: marketers,
    ask: ({ contact }) => ({ path: '/api/contact-lists', body: { name: '展会', contactIds: [contact.id] } }),
    shows: (body) => (body as { count: number }).count > 0,
  },
  {
    route: 'POST /api/contact-lists/match',
    roles: marketers,
    ask: ({ contact }) => ({ path: '/api/contact-lists/match', body: { text: contact.id } }),
    shows: (body) => (body as { contactIds: string[] }).contactIds.length > 0,
  },
  {
    route: 'GET /api/sidebar',
    ask: ({ contact }) => ({ path: `/api/sidebar?platform=wecom&contact=${contact.key}` }),
  },

  {
    route: 'GET /api/conversations/messages',
    ask: ({ contact }) => ({ path: `/api/conversations/messages?contactId=${contact.id}` }),
  },
  {
    route: 'POST /api/conversations/paste',
    ask: ({ contact }) => ({ path: '/api/conversations/paste', body: { contactId: contact.id, text: '在吗' } }),
  },
];

/** Routes about nobody's customers, or for an admin only, who sees all. */
const withoutCustomers = [
  'GET /api/login',
  'POST /api/login',
  'POST /api/logout',
  'GET /api/me',
  'GET /api/host',
  'GET /api/tags',
  'GET /api/series',
  'POST /api/series',
  'PUT /api/series/:id',
  'POST /api/series/:id/state',
  'GET /api/settings/opt-out',
  'GET /api/settings/welcome',
  'GET /api/settings/follow-up',
  // Of models: figures of everybody together.
  'GET /api/scoring-models',
  'PUT /api/settings/opt-out',
  'PUT /api/settings/welcome',
  'POST /api/customers',
  'POST /api/customers/import',
  'GET /api/customer-fields',
  'GET /api/regions',
  'GET /api/industries',
  // The boxes hold what the caller asked, decides, decided or is told.
  'GET /api/approvals',
  'POST /api/approvals/preview',
  'GET /api/approval-policies',
  'GET /api/approval-delegates',
  'POST /api/approval-delegates',
  'DELETE /api/approval-delegates/:id',
  // Rules and numbers; how many people there are is no secret among those who make segments.
  'GET /api/segments/fields',
  'GET /api/segments',
  'GET /api/segments/:id',
  'GET /api/segments/:id/versions',
  'POST /api/segments',
  'PUT /api/segments/:id',
  'DELETE /api/segments/:id',
  'POST /api/segments/draft',
  'GET /api/contact-lists',
  'DELETE /api/contact-lists/:id',
];

/** For those who lead only; whose they see is tested in tests/handover/handover-routes.test.ts. */
const ofHandovers = handoverRoutes.map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`);

/** For whoever works at the desk; whose names they see is tested in tests/broadcast/broadcast-routes.test.ts. */
const ofBroadcasts = broadcastRoutes.map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`);

/** Of the company's ways in, and how many came by each: numbers, and nobody's name. */
const ofChannels = channelRoutes
  .map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`)
  .filter((route) => route.includes('/api/channels'));

/** What the company has to say is for everyone. */
const ofMaterials = [...materialRoutes, ...knowledgeRoutes].map(
  ({ endpoint }) => `${endpoint.method} ${endpoint.path}`,
);

test('every route is in the table, or is said to be about nobody’s customers', () => {
  const known = [
    ...withoutCustomers,
    ...ofBroadcasts.filter((route) => !route.startsWith('PUT /api/settings/')),
    ...ofMaterials,
    ...ofChannels,
    ...ofHandovers,
    ...cases.map(({ route }) => route),
  ];
  const served = routes.filter(({ endpoint }) => endpoint.roles?.join() !== 'admin');
  expect(known.toSorted()).toEqual(served.map(({ endpoint }) => `${endpoint.method} ${endpoint.path}`).toSorted());
});

const places = ['own', 'department', 'other department'] as const;
type Place = (typeof places)[number];
let east: Department;
let south: Department;
let tagId: string;

beforeEach(async () => {
  platform.reset();
  platform.addTags('意向', '高');
  const company = await makeDepartment(world.deps);
  east = await makeDepartment(world.deps, { parent: company });
  south = await makeDepartment(world.deps, { parent: company });
  const tag = { platform: 'wecom', key: '意向/高', name: '高', groupKey: '意向', groupName: '意向' };
  ({ id: tagId } = await world.deps.db.tag.create({ data: tag }));
});

test.each(
  roles.flatMap((role) => places.map((place) => [role, place, maySee(role, place) ? 'sees' : 'does not see'] as const)),
)('a member with the role %s, asking about %s customers, %s them, whatever the route', async (role, place) => {
  const self = await makeMember(world.deps, { role, departments: [east], key: 'self' });
  const owner = place === 'own' ? self : await colleague(place);
  const property = await endow(owner);
  const as = await openSession(world.deps, self);

  const outcomes: Record<string, string> = {};
  for (const { route, ask, shows, roles: asking } of cases) {
    if (asking && !asking.includes(role)) continue;
    const { path, body } = await ask(property);
    const method = route.split(' ')[0] ?? '';
    const answer = await http.ask(method, path, { as, ...(body === undefined ? {} : { body }) });
    outcomes[route] = outcomeOf(answer, shows && ((seen) => shows(seen, property)));
  }
  const expected = maySee(role, place) ? 'seen' : 'not seen';
  expect(outcomes).toEqual(Object.fromEntries(Object.keys(outcomes).map((route) => [route, expected])));
});

test('live updates of a contact are for those who may see it', async () => {
  const self = await makeMember(world.deps, { departments: [east], key: 'self' });
  const as = await openSession(world.deps, self);
  const mine = await endow(self);
  const theirs = await endow(await colleague('department'));
  const statuses: number[] = [];
  for (const { contact } of [mine, theirs]) {
    const stream = new AbortController();
    const headers = { Cookie: `zhike_session=${as}` };
    const { status } = await fetch(`${http.url}/api/live?contact=${contact.id}`, { headers, signal: stream.signal });
    statuses.push(status);
    stream.abort();
  }
  expect(statuses).toEqual([200, 404]);
});

/** DESIGN §3. */
function maySee(role: Role, place: Place): boolean {
  return role === 'admin' || place === 'own' || (place === 'department' && role !== 'rep');
}

/** A conflict is an answer about something seen, and so is whose turn it is; a missing login, role or field would be a fault of this test. */
function outcomeOf(
  { status, code, body }: { status: number; code: string; body: unknown },
  shows: ((body: unknown) => boolean) | undefined,
): string {
  if (shows && status >= 200 && status < 300) return shows(body) ? 'seen' : 'not seen';
  if (status === 404 && /[._]unknown$/.test(code)) return 'not seen';
  const isToldWho = status === 403 && code.startsWith('approval.');
  return (status >= 200 && status < 300) || status === 409 || isToldWho ? 'seen' : `${status} ${code}`;
}

async function colleague(place: Exclude<Place, 'own'>): Promise<Member> {
  return makeMember(world.deps, { departments: [place === 'department' ? east : south], key: 'colleague' });
}

/** Whoever decides sees what is asked, so it is none of those whose sight is tested. */
async function letDecide(member: Member): Promise<void> {
  const level = { who: { by: 'members', ids: [member.id] }, of: 'any', escalateAfterMinutes: null };
  const policy = { mode: 'own', form: null, fallback: [], copies: [], expireAfterHours: null };
  const data = { policy: { ...policy, bands: [{ upTo: null, risk: 'low', levels: [level] }] } };
  await world.deps.db.approvalPolicy.upsert({
    where: { kind: 'sensitive_reveal' },
    create: { kind: 'sensitive_reveal', ...data },
    update: data,
  });
}

async function endow(owner: Member): Promise<Property> {
  const { deps } = world;
  await letDecide(await makeMember(deps, { role: 'admin' }));
  const { key: memberKey } = await deps.db.memberIdentity.findFirstOrThrow({ where: { memberId: owner.id } });
  const contact = await makeContact(deps, { followedBy: [owner] });
  platform.addContact(contact.key, { follows: [memberKey] });
  const customer = await makeCustomer(deps, { owner, phone: '13800138000' });
  const secondCustomer = await makeCustomer(deps, { owner });
  const binding = { contactId: contact.id, customerId: customer.id, reasons: [] };
  await deps.db.binding.create({ data: binding });
  const score = { contactId: contact.id, at: deps.now(), value: 50, factors: [], method: 'rules@1' };
  await insertScore(deps.db, deps.cipher, score, null);
  return {
    owner,
    contact,
    customer,
    secondCustomer,
    tagId,
    async makeOpportunity() {
      const about = { customerId: customer.id, contactId: contact.id, ownerId: owner.id, createdBy: owner.id };
      const title = deps.cipher.encrypt('50 人版');
      return (await deps.db.opportunity.create({ data: { title, amountFen: 1_280_000n, ...about } })).id;
    },
    async makeTask(state = 'open') {
      const about = { contactId: contact.id, customerId: customer.id, assigneeId: owner.id };
      return (await deps.db.task.create({ data: { title: deps.cipher.encrypt('回电'), state, ...about } })).id;
    },
    async makeBindingChange() {
      const change = { ...binding, action: 'role_changed', role: 'user', previousRole: 'other' };
      return (await deps.db.bindingChange.create({ data: change })).id;
    },
    async makeApproval() {
      const wish = { customerId: customer.id, field: 'phone' as const, hours: 4, reason: '回访' };
      const approval = await requestReveal(deps, await callerOf(deps, owner), { ...wish, requestKey: randomUUID() });
      return approval.id;
    },
  };
}
