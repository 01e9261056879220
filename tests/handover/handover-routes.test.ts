import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import type { HandoverItemView, HandoverView, PlanView } from '#server/handover/handover-api.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { endow, makeCompany, type Company, type Estate } from './company.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
let company: Company;
let estate: Estate;
let manager: string;

beforeEach(async () => {
  platform.reset();
  company = await makeCompany(world, platform);
  estate = await endow(world, platform, company.giver);
  manager = await openSession(world.deps, company.manager);
});

const wish = (more: object = {}) => ({
  fromMemberId: company.giver.id,
  rule: { by: 'spread', to: [company.taker.id, company.second.id] },
  reason: '岗位调整',
  requestKey: randomUUID(),
  ...more,
});

async function make(as = manager, more: object = {}): Promise<HandoverView> {
  const answer = await http.ask('POST', '/api/handovers', { as, body: wish(more) });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body as HandoverView;
}

test('the preview says who would get what, keeps a customer together and writes nothing', async () => {
  const { requestKey: _, reason: __, ...plan } = wish();
  const { body, status } = await http.ask('POST', '/api/handovers/preview', { as: manager, body: plan });
  expect(status).toBe(200);
  expect(body).toEqual({
    from: { id: company.giver.id, name: '王磊' },
    leaver: false,
    takers: expect.arrayContaining([
      {
        member: { id: company.taker.id, name: '陈晨' },
        counts: { contact: 2, customer: 1, opportunity: 1, task: 1, approval: 0 },
      },
      {
        member: { id: company.second.id, name: '周舟' },
        counts: { contact: 1, customer: 0, opportunity: 0, task: 0, approval: 0 },
      },
    ]),
    counts: { contact: 3, customer: 1, opportunity: 1, task: 1, approval: 0 },
    blocked: [],
    blockedCount: 0,
  });
  expect(await world.deps.db.handover.count()).toBe(0);
});

test('the preview names what cannot go, each with its reason', async () => {
  await world.deps.db.follow.updateMany({
    where: { contactId: estate.contacts[2]?.id ?? '' },
    data: { state: 'pending' },
  });
  platform.owners = ['giver', 'second'];
  const rule = { by: 'one', to: company.taker.id };
  const ask = async () => {
    const body = { fromMemberId: company.giver.id, rule, kinds: ['contact', 'customer'] };
    return (await http.ask('POST', '/api/handovers/preview', { as: manager, body })).body as PlanView;
  };
  expect((await ask()).blocked.map(({ name, reason }) => `${name} ${reason}`).toSorted()).toEqual([
    '刘先生 taker_no_contacts',
    '孙女士 taker_no_contacts',
    '陈女士 taker_no_contacts',
  ]);
  platform.owners = null;
  expect((await ask()).blocked).toMatchObject([{ name: '孙女士', reason: 'contact_pending', to: { name: '陈晨' } }]);
  await world.deps.db.memberIdentity.deleteMany({ where: { memberId: company.taker.id } });
  expect(await ask()).toMatchObject({ blockedCount: 3, counts: { contact: 0, customer: 1 } });
});

test('a draft is made once however often it is sent, and somebody else’s key is refused', async () => {
  const body = wish();
  const first = await http.ask('POST', '/api/handovers', { as: manager, body });
  const second = await http.ask('POST', '/api/handovers', { as: manager, body });
  expect((second.body as HandoverView).id).toBe((first.body as HandoverView).id);
  expect(await world.deps.db.handoverItem.count()).toBe(6);
  const together = wish();
  const press = () => http.ask('POST', '/api/handovers', { as: manager, body: together });
  expect((await Promise.all([press(), press(), press()])).map(({ status }) => status)).toEqual([201, 201, 201]);
  const director = await openSession(world.deps, company.director);
  expect(await http.ask('POST', '/api/handovers', { as: director, body })).toMatchObject({
    status: 409,
    code: 'handover.request_key',
  });
});

test('a draft is read with its items, changed item by item, asked for and taken back', async () => {
  const { id, version } = await make(manager, { rule: { by: 'one', to: company.taker.id } });
  const list = async (query = '') =>
    (await http.ask('GET', `/api/handovers/${id}/items${query}`, { as: manager })).body as {
      items: HandoverItemView[];
      nextAfter: string | null;
    };
  const { items } = await list();
  expect(items.map(({ kind, name, customerName }) => [kind, name, customerName])).toEqual(
    expect.arrayContaining([
      ['contact', '陈女士', '杭州云帆物流有限公司'],
      ['customer', '杭州云帆物流有限公司', null],
      ['opportunity', '50 人版', '杭州云帆物流有限公司'],
      ['task', '发报价', '杭州云帆物流有限公司'],
    ]),
  );
  const [first, second] = items;
  const edited = await http.ask('PATCH', `/api/handovers/${id}`, {
    as: manager,
    body: {
      version,
      items: [
        { id: first?.id, toMemberId: company.second.id },
        { id: second?.id, toMemberId: null },
      ],
    },
  });
  expect(edited).toMatchObject({ status: 200, body: { version: version + 1 } });
  const page = await list('?limit=3');
  expect(page.items).toHaveLength(3);
  const rest = await list(`?limit=3&after=${page.nextAfter}`);
  expect(rest.items).toHaveLength(2);
  expect((await list(`?toMemberId=${company.second.id}`)).items).toMatchObject([{ id: first?.id }]);

  const stale = await http.ask('POST', `/api/handovers/${id}/submit`, { as: manager, body: { version } });
  expect(stale).toMatchObject({ status: 409, code: 'handover.stale' });
  const asked = await http.ask('POST', `/api/handovers/${id}/submit`, { as: manager, body: { version: version + 1 } });
  expect(asked).toMatchObject({ status: 200, body: { state: 'asked', may: { edit: false, withdraw: true } } });
  const withdrawn = await http.ask('POST', `/api/handovers/${id}/withdraw`, { as: manager, body: {} });
  expect(withdrawn).toMatchObject({ status: 200, body: { state: 'withdrawn', progress: { kept: 5 } } });
  const read = await http.ask('GET', `/api/handovers/${id}`, { as: manager });
  const { history } = read.body as { history: { action: string; by: { name: string } | null }[] };
  expect(history.map(({ action, by }) => `${action} ${by?.name}`)).toEqual([
    'created 李经理',
    'edited 李经理',
    'asked 李经理',
    'withdrawn 李经理',
  ]);
});

test('who has left with something to hand over is shown to those who lead them', async () => {
  await world.deps.db.member.update({
    where: { id: company.giver.id },
    data: { status: 'left', leftAt: world.deps.now() },
  });
  const leavers = async (member: Member) => {
    const as = await openSession(world.deps, member);
    return (
      (await http.ask('GET', '/api/handovers/belongings', { as })).body as { leavers: { member: { name: string } }[] }
    ).leavers;
  };
  expect(await leavers(company.manager)).toMatchObject([
    { member: { name: '王磊' }, counts: { contact: 3, customer: 1 } },
  ]);
  const other = await makeMember(world.deps, { role: 'manager' });
  expect(await leavers(other)).toEqual([]);
});

test.each([
  ['GET', '', undefined],
  ['GET', '/items', undefined],
  ['PATCH', '', { version: 1 }],
  ['POST', '/submit', { version: 1 }],
  ['POST', '/withdraw', {}],
  ['POST', '/retry', {}],
])(
  '%s /api/handovers/:id%s is for those who lead the giver: others learn not even that it is there',
  async (method, path, body) => {
    const { id } = await make();
    const ask = async (member: Member) => {
      const as = await openSession(world.deps, member);
      return http.ask(method, `/api/handovers/${id}${path}`, { as, ...(body ? { body } : {}) });
    };
    const south = await world.deps.db.department.findFirstOrThrow({ where: { name: '华南' } });
    const other = await makeMember(world.deps, { role: 'manager', departments: [south] });
    expect(await ask(other)).toMatchObject({ status: 404, code: 'handover.unknown' });
    expect(await ask(company.giver)).toMatchObject({ status: 403, code: 'caller.role' });
    const marketing = await makeMember(world.deps, { role: 'marketing' });
    expect(await ask(marketing)).toMatchObject({ status: 403 });
    expect([200, 409]).toContain((await ask(company.director)).status);
  },
);

test('giver and takers are members one leads; the giver takes nothing', async () => {
  const ask = async (path: string, body: object) => http.ask('POST', `/api/handovers${path}`, { as: manager, body });
  for (const path of ['', '/preview']) {
    const to = (id: string) => ({ rule: { by: 'one', to: id } });
    expect(await ask(path, wish(to(company.stranger.id)))).toMatchObject({ status: 422, code: 'handover.member' });
    expect(await ask(path, wish({ fromMemberId: company.stranger.id }))).toMatchObject({ code: 'handover.member' });
    expect(await ask(path, wish(to(company.giver.id)))).toMatchObject({ code: 'handover.giver_takes' });
  }
  const list = async (member: Member) => {
    const as = await openSession(world.deps, member);
    return ((await http.ask('GET', '/api/handovers', { as })).body as { items: unknown[] }).items.length;
  };
  await make();
  expect(await list(company.director)).toBe(1);
  expect(await list(await makeMember(world.deps, { role: 'manager' }))).toBe(0);
  expect(
    await http.ask('GET', `/api/handovers/belongings?memberId=${company.stranger.id}`, { as: manager }),
  ).toMatchObject({
    status: 422,
  });
});
