import { beforeEach, expect, test } from 'vitest';
import type { Contact, Customer, Department, Member } from '#prisma/client/client.ts';
import { routes } from '#server/app.ts';
import { roles, type Role } from '#server/base/caller.ts';
import { insertScore } from '#server/scoring/scoring-store.ts';
import { makeContact, makeCustomer, makeDepartment, makeMember, openSession } from './support/factories.ts';
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
  makeBindingChange(): Promise<bigint>;
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
  'GET /api/settings/welcome',
  'PUT /api/settings/welcome',
  'POST /api/customers',
  'POST /api/customers/import',
  'GET /api/customer-fields',
  'GET /api/regions',
  'GET /api/industries',
];

test('every route is in the table, or is said to be about nobody’s customers', () => {
  const known = [...withoutCustomers, ...cases.map(({ route }) => route)];
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
  for (const { route, ask, shows } of cases) {
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

/** A conflict is an answer about something seen; a missing login, role or field would be a fault of this test. */
function outcomeOf(
  { status, code, body }: { status: number; code: string; body: unknown },
  shows: ((body: unknown) => boolean) | undefined,
): string {
  if (shows && status === 200) return shows(body) ? 'seen' : 'not seen';
  if (status === 404 && /[._]unknown$/.test(code)) return 'not seen';
  return (status >= 200 && status < 300) || status === 409 ? 'seen' : `${status} ${code}`;
}

async function colleague(place: Exclude<Place, 'own'>): Promise<Member> {
  return makeMember(world.deps, { departments: [place === 'department' ? east : south], key: 'colleague' });
}

async function endow(owner: Member): Promise<Property> {
  const { deps } = world;
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
    async makeTask(state = 'open') {
      const about = { contactId: contact.id, customerId: customer.id, assigneeId: owner.id };
      return (await deps.db.task.create({ data: { title: deps.cipher.encrypt('回电'), state, ...about } })).id;
    },
    async makeBindingChange() {
      const change = { ...binding, action: 'role_changed', role: 'user', previousRole: 'other' };
      return (await deps.db.bindingChange.create({ data: change })).id;
    },
  };
}
