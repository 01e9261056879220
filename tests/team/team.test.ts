import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Customer, Department, Member } from '#prisma/client/client.ts';
import { netOf } from '#server/base/net-of.ts';
import type { OpportunityStage } from '#server/opportunity/opportunity-api.ts';
import type { RepRow, SilentCustomer } from '#server/team/team-api.ts';
import { makeContact, makeCustomer, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
const DAY_MS = 86_400_000;

let east: Department;
let rep: Member;
let other: Member;
let as: string;

beforeEach(async () => {
  platform.reset();
  const { deps } = world;
  world.clock.set('2026-03-04T02:00:00.000Z');
  east = await makeDepartment(deps);
  rep = await makeMember(deps, { name: '张三', key: 'rep', departments: [east] });
  other = await makeMember(deps, { name: '外人', key: 'other', departments: [await makeDepartment(deps)] });
  const boss = await makeMember(deps, { name: '李经理', key: 'boss', role: 'manager', departments: [east] });
  as = await openSession(deps, boss);
  for (const key of ['rep', 'other', 'boss']) platform.addMember(key);
});

const daysAgo = (days: number) => new Date(world.deps.now().getTime() - days * DAY_MS);
const get = async (path: string, asWhom = as) => (await http.ask('GET', path, { as: asWhom })).body;
const remind = (about: string, id: string) => http.ask('POST', '/api/team/remind', { as, body: { about, id } });

async function sale(owner: Member, stage: OpportunityStage, amountFen: number | null, more: object = {}) {
  const customer = await makeCustomer(world.deps, { owner });
  const row = { customerId: customer.id, ownerId: owner.id, createdBy: owner.id, title: 'x', stage, ...more };
  return world.deps.db.opportunity.create({
    data: {
      stageAt: world.deps.now(),
      createdAt: world.deps.now(),
      ...row,
      amountFen: amountFen === null ? null : BigInt(amountFen),
    },
  });
}

async function task(assignee: Member, more: object = {}) {
  const { deps } = world;
  return deps.db.task.create({
    data: { title: deps.cipher.encrypt('发报价'), assigneeId: assignee.id, dueAt: daysAgo(1), ...more },
  });
}

async function bound(owner: Member, about: Partial<Customer> = {}): Promise<{ customer: Customer; contact: Contact }> {
  const { deps } = world;
  const customer = await makeCustomer(deps, { owner, createdAt: daysAgo(200), ...about } as Parameters<
    typeof makeCustomer
  >[1]);
  const contact = await makeContact(deps, { followedBy: [owner] });
  await deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
  return { customer, contact };
}

async function talked(contact: Contact, member: Member, days: number): Promise<void> {
  const data = { contactId: contact.id, memberId: member.id, lastMessageAt: daysAgo(days) };
  await world.deps.db.conversation.create({ data });
}

const silentNames = async (query = '') =>
  ((await get(`/api/team/silent${query}`)) as { items: SilentCustomer[] }).items.map(({ customer }) => customer.name);

describe('the pipeline', () => {
  test('counts what the team has in each stage, after discounts, and what has stalled', async () => {
    await sale(rep, 'quoted', 100_000, { discountBp: 1500 });
    await sale(rep, 'quoted', null, { stageAt: daysAgo(8) });
    await sale(rep, 'won', 50_000, { stageAt: daysAgo(30) });
    await sale(other, 'quoted', 700_000);
    const { stages } = (await get('/api/team/pipeline')) as { stages: object[] };
    expect(stages).toEqual([
      { stage: 'discovery', count: 0, sumFen: 0, stalled: 0 },
      { stage: 'solution', count: 0, sumFen: 0, stalled: 0 },
      { stage: 'quoted', count: 2, sumFen: 85_000, stalled: 1 },
      { stage: 'negotiation', count: 0, sumFen: 0, stalled: 0 },
      { stage: 'won', count: 1, sumFen: 50_000, stalled: 0 },
      { stage: 'lost', count: 0, sumFen: 0, stalled: 0 },
    ]);
    expect(await get(`/api/team/pipeline?ownerId=${other.id}`)).toMatchObject({
      stages: stages.map(() => ({ count: 0 })),
    });
  });

  test('holds sums no integer of 32 bits does', async () => {
    for (let n = 0; n < 3; n += 1) await sale(rep, 'quoted', 1_000_000_000_000);
    const { stages } = (await get('/api/team/pipeline')) as { stages: { stage: string; sumFen: number }[] };
    expect(stages.find(({ stage }) => stage === 'quoted')?.sumFen).toBe(3_000_000_000_000);
  });

  test('rounds each amount as the opportunity itself shows it', async () => {
    for (const [amountFen, discountBp] of [
      [1, 5000],
      [333, 1500],
      [10_001, 3333],
      [99_999_999, 1],
    ] as const)
      await sale(rep, 'quoted', amountFen, { discountBp });
    const { stages } = (await get('/api/team/pipeline')) as { stages: { stage: string; sumFen: number }[] };
    const sum = netOf(1, 5000) + netOf(333, 1500) + netOf(10_001, 3333) + netOf(99_999_999, 1);
    expect(stages.find(({ stage }) => stage === 'quoted')?.sumFen).toBe(sum);
  });

  test('is for those who lead', async () => {
    for (const role of ['rep', 'marketing'] as const) {
      const member = await makeMember(world.deps, { role });
      const answer = await http.ask('GET', '/api/team/pipeline', { as: await openSession(world.deps, member) });
      expect(answer).toMatchObject({ status: 403, code: 'caller.role' });
    }
  });
});

describe('the numbers of the first page', () => {
  test('are of the team: overdue, promised, silent, and opportunities since Monday', async () => {
    await task(rep);
    await task(rep, { state: 'proposed', quote: 'sealed' });
    await task(rep, { state: 'open', quote: 'sealed' });
    await task(rep, { dueAt: daysAgo(-1) });
    await task(rep, { state: 'done' });
    await task(other);
    await sale(rep, 'discovery', 1);
    await sale(rep, 'discovery', 1, { createdAt: daysAgo(3) });
    await sale(other, 'discovery', 1);
    await bound(rep);
    expect(await get('/api/team/summary')).toEqual({
      overdueTasks: 2,
      overduePromises: 2,
      newOpportunities: 1,
      silentCustomers: 1,
    });
    expect(await get('/api/team/summary', await openSession(world.deps, other))).toMatchObject({
      overdueTasks: 1,
      newOpportunities: 1,
      silentCustomers: 0,
    });
  });
});

describe('customers without contact', () => {
  test('are those who waited longer than their grade allows, the longest first', async () => {
    const a = await bound(rep, { name: '甲公司', grade: 'A' });
    const b = await bound(rep, { name: '乙公司', grade: 'B' });
    const none = await bound(rep, { name: '丙公司' });
    await bound(rep, { name: '新公司', grade: 'A', createdAt: daysAgo(3) });
    await bound(rep, { name: '输了', grade: 'A', stage: 'lost' });
    await bound(other, { name: '别人的', grade: 'A' });
    await talked(a.contact, rep, 8);
    await talked(b.contact, other, 13);
    await talked(none.contact, rep, 63);
    expect(await silentNames()).toEqual(['丙公司', '甲公司']);
    expect(await silentNames('?grade=A')).toEqual(['甲公司']);
    const [first] = ((await get('/api/team/silent?limit=1')) as { items: SilentCustomer[] }).items;
    expect(first).toMatchObject({
      owner: { name: '张三' },
      days: 63,
      daysMax: 60,
      lastContactAt: daysAgo(63).toISOString(),
      remindedAt: null,
    });
  });

  test('were contacted when a follow-up with them was done', async () => {
    const { customer, contact } = await bound(rep, { name: '甲公司', grade: 'A' });
    expect(await silentNames()).toEqual(['甲公司']);
    const done = await task(rep, { state: 'done', doneAt: daysAgo(2), customerId: customer.id });
    expect(await silentNames()).toEqual([]);
    await world.deps.db.task.update({ where: { id: done.id }, data: { customerId: null, contactId: contact.id } });
    expect(await silentNames()).toEqual([]);
  });

  test('come page by page, each once', async () => {
    for (let n = 0; n < 5; n += 1) await bound(rep, { name: `客户${n}`, createdAt: daysAgo(200 - Math.floor(n / 2)) });
    const names: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page = (await get(`/api/team/silent?limit=2${after ? `&after=${after}` : ''}`)) as {
        items: SilentCustomer[];
        nextAfter: string | null;
      };
      names.push(...page.items.map(({ customer }) => customer.name));
      after = page.nextAfter;
    }
    expect(names.toSorted()).toEqual(['客户0', '客户1', '客户2', '客户3', '客户4']);
    expect(await silentNames('?after=nonsense')).toHaveLength(5);
    const dashes = Buffer.from(JSON.stringify(['2026-01-01T00:00:00Z', '-'.repeat(36)])).toString('base64url');
    expect(await silentNames(`?after=${dashes}`)).toHaveLength(5);
  });

  test('are told by the limits an admin sets', async () => {
    const { contact } = await bound(rep, { name: '甲公司', grade: 'A' });
    await talked(contact, rep, 5);
    const admin = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
    const body = { silentDays: { A: 3, B: 14, C: 30, D: 60 }, digest: { enabled: false, hour: 8 } };
    expect(await http.ask('PUT', '/api/settings/follow-up', { as, body })).toMatchObject({ status: 403 });
    expect(await silentNames()).toEqual([]);
    expect(await http.ask('PUT', '/api/settings/follow-up', { as: admin, body })).toMatchObject({ status: 200, body });
    expect(await silentNames()).toEqual(['甲公司']);
    expect(await get('/api/settings/follow-up')).toEqual(body);
    const bad = { ...body, silentDays: { ...body.silentDays, A: 0 } };
    expect(await http.ask('PUT', '/api/settings/follow-up', { as: admin, body: bad })).toMatchObject({ status: 400 });
    expect(await world.deps.db.auditEntry.count({ where: { action: 'follow_up.changed' } })).toBe(1);
  });
});

describe('the table of reps', () => {
  test('says of each what they have, what is late and how they work', async () => {
    const { deps } = world;
    const { customer, contact } = await bound(rep, { grade: 'A' });
    await sale(rep, 'quoted', 100_000, { discountBp: 1000, customerId: customer.id });
    await sale(rep, 'lost', 100_000, { customerId: customer.id });
    await task(rep);
    await task(rep, { state: 'proposed', quote: 'sealed' });
    await task(rep, { state: 'done', doneAt: daysAgo(1), dueAt: null });
    await task(rep, { state: 'done', doneAt: daysAgo(20), dueAt: null });
    for (const days of [0, 1, 9]) await deps.db.sidebarUse.create({ data: { memberId: rep.id, day: daysAgo(days) } });
    for (const [verdict, days] of [
      ['sent', 1],
      ['copied', 2],
      ['up', 1],
      ['sent', 10],
    ] as const)
      await deps.db.suggestionFeedback.create({
        data: { contactId: contact.id, memberId: rep.id, verdict, at: daysAgo(days) },
      });
    const { items } = (await get('/api/team/reps')) as { items: RepRow[] };
    expect(items).toEqual([
      {
        member: { id: rep.id, name: '张三', avatar: null },
        customers: 3,
        openOpportunities: 1,
        openSumFen: 90_000,
        overdueTasks: 1,
        overduePromises: 1,
        silentCustomers: 1,
        sidebarDays: 2,
        suggestionsUsed: 2,
        tasksDone: 1,
      },
    ]);
  });

  test('names a manager who has customers of their own, and nobody who left', async () => {
    const { deps } = world;
    const boss = await deps.db.member.findFirstOrThrow({ where: { name: '李经理' } });
    await makeMember(deps, { status: 'left', departments: [east] });
    await makeCustomer(deps, { owner: boss });
    const { items } = (await get('/api/team/reps')) as { items: RepRow[] };
    expect(items.map(({ member }) => member.name).toSorted()).toEqual(['张三', '李经理']);
  });
});

describe('a reminder', () => {
  test('of an overdue follow-up goes to whoever has it, in words that are ready', async () => {
    const contact = await makeContact(world.deps, { name: '陈女士', key: 'wm1', followedBy: [rep] });
    const { id } = await task(rep, { contactId: contact.id });
    const answer = await remind('task', id);
    const text = '李经理提醒你有一条逾期的跟进：发报价\n客户：陈女士\n到期：2026-03-03 10:00';
    expect(answer).toMatchObject({ status: 200, body: { to: { name: '张三' }, text } });
    await world.jobs.drain();
    expect(platform.notices).toEqual([{ to: 'rep', text, url: 'http://zhike.test/sidebar.html?contact=wm1' }]);
  });

  test('of a silent customer says for how long, and is seen in the list', async () => {
    const { customer, contact } = await bound(rep, { name: '甲公司', grade: 'A' });
    await talked(contact, rep, 9);
    const text = '李经理提醒你联系客户：甲公司\n已 9 天没有联系（A 级客户应每 7 天联系一次）';
    expect(await remind('customer', customer.id)).toMatchObject({ status: 200, body: { text } });
    const [first] = ((await get('/api/team/silent')) as { items: SilentCustomer[] }).items;
    expect(first?.remindedAt).toBe(world.deps.now().toISOString());
  });

  test('comes once in four hours, however many managers press', async () => {
    const { id } = await task(rep);
    const answers = await Promise.all(Array.from({ length: 4 }, () => remind('task', id)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429, 429, 429]);
    world.clock.advance(3.9 * 3_600_000);
    expect(await remind('task', id)).toMatchObject({ status: 429, code: 'team.reminded' });
    world.clock.advance(0.2 * 3_600_000);
    expect(await remind('task', id)).toMatchObject({ status: 200 });
    await world.jobs.drain();
    expect(platform.notices).toHaveLength(2);
  });

  test('is refused where there is nothing to remind of, or nobody', async () => {
    const early = await task(rep, { dueAt: daysAgo(-1) });
    expect(await remind('task', early.id)).toMatchObject({ status: 422, code: 'team.not_overdue' });
    const { customer, contact } = await bound(rep, { grade: 'A' });
    await talked(contact, rep, 1);
    expect(await remind('customer', customer.id)).toMatchObject({ status: 422, code: 'team.not_silent' });
    expect(await remind('task', (await task(other)).id)).toMatchObject({ status: 404, code: 'task.unknown' });
    await world.deps.db.member.update({ where: { id: rep.id }, data: { status: 'left' } });
    expect(await remind('task', (await task(rep)).id)).toMatchObject({ status: 422, code: 'team.nobody' });
    expect(await world.deps.db.notice.count()).toBe(0);
  });
});

test('a manager gives the team’s overdue to somebody else; a rep cannot', async () => {
  const colleague = await makeMember(world.deps, { name: '王五', key: 'colleague', departments: [east] });
  const { id } = await task(rep);
  const given = { version: 1, assigneeId: colleague.id };
  const asRep = await openSession(world.deps, rep);
  expect(await http.ask('PATCH', `/api/tasks/${id}`, { as: asRep, body: given })).toMatchObject({
    status: 422,
    code: 'task.assignee',
  });
  expect(await http.ask('PATCH', `/api/tasks/${id}`, { as, body: given })).toMatchObject({
    status: 200,
    body: { assignee: { name: '王五' } },
  });
  expect(await http.ask('PATCH', `/api/tasks/${id}`, { as, body: { version: 2, assigneeId: other.id } })).toMatchObject(
    { status: 422 },
  );
  expect((await world.deps.db.notice.findMany()).map(({ memberId }) => memberId).toSorted()).toEqual(
    [colleague.id, rep.id].toSorted(),
  );
});

test('opening the sidebar counts, by day, and a sidebar nobody may see counts nothing', async () => {
  const contact = await makeContact(world.deps, { followedBy: [rep] });
  const asRep = await openSession(world.deps, rep);
  const open = (who: string) => http.ask('GET', `/api/sidebar?platform=wecom&contact=${contact.key}`, { as: who });
  await open(asRep);
  await open(asRep);
  world.clock.advance(20 * 3_600_000);
  await open(asRep);
  await open(await openSession(world.deps, other));
  const counted = async () => {
    const rows = await world.deps.db.sidebarUse.findMany({ orderBy: { day: 'asc' } });
    return rows.map(({ memberId, day, opens }) => [memberId === rep.id, day.toISOString().slice(0, 10), opens]);
  };
  await expect.poll(counted).toEqual([
    [true, '2026-03-04', 2],
    [true, '2026-03-05', 1],
  ]);
});
