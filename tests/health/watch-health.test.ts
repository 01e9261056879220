import { beforeEach, expect, test } from 'vitest';
import type { Customer, Member } from '#prisma/client/client.ts';
import type { LiveEvent } from '#server/base/live.ts';
import { insertSummary } from '#server/summary/summary-store.ts';
import { watchHealth } from '#server/health/watch-health.ts';
import { sealJson } from '#server/base/field-cipher.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { callerOf, makeCustomer, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { viewHealth } from '#server/health/view-health.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);
const DAY_MS = 86_400_000;
let chat: Chat;
let rep: Member;
let manager: Member;
let customer: Customer;

const ago = (days: number, minutes = 0) => new Date(world.deps.now().getTime() - days * DAY_MS + minutes * 60_000);

beforeEach(async () => {
  const department = await makeDepartment(world.deps);
  rep = await makeMember(world.deps, { name: '王明', departments: [department] });
  manager = await makeMember(world.deps, { name: '李经理', role: 'manager', departments: [department] });
  await world.deps.db.departmentMember.updateMany({ where: { memberId: manager.id }, data: { isLeader: true } });
  chat = await makeChat(world.deps, { member: rep });
  customer = await makeCustomer(world.deps, { owner: rep });
  await world.deps.db.binding.create({
    data: { contactId: chat.contact.id, customerId: customer.id, reasons: [], madeAt: ago(100) },
  });
});

const watch = () => watchHealth(world.deps, { contactIds: [chat.contact.id] });
const health = async () => viewHealth(world.deps, await callerOf(world.deps, rep), chat.contact.id);
const alerts = () => world.deps.db.churnAlert.findMany({ orderBy: { at: 'asc' } });
const notices = () => world.deps.db.notice.findMany({ orderBy: { memberId: 'asc' } });

/** Writes each third day from day 60 to day 3 before now, and is answered at once. */
async function usualTalk(until = 3): Promise<void> {
  for (let day = 60; day >= until; day -= 3) {
    await chat.say('contact', '请问进度如何', ago(day));
    await chat.say('member', '在推进', ago(day, 5));
  }
}
async function deletedByContact(): Promise<void> {
  await world.deps.db.follow.updateMany({ data: { state: 'removed_by_contact', changedAt: ago(0.5) } });
}

test('how often a contact writes and how long it waits is read out of the chats', async () => {
  await usualTalk();
  await watch();
  expect(await health()).toMatchObject({ level: 'good', basis: 'rules' });
  await chat.say('contact', '怎么还没有消息', ago(2.5));
  await watch();
  expect((await health())?.factors.map(({ key, text }) => [key, text])).toContainEqual([
    'unanswered',
    '2 天没有回复客户',
  ]);
  await chat.say('member', '抱歉，马上', ago(0.1));
  await watch();
  const keys = (await health())?.factors.map(({ key }) => key);
  expect(keys).not.toContain('unanswered');
});

test('silence is told by the contact’s own habit, and alone alarms nobody', async () => {
  await usualTalk(40);
  await watch();
  expect((await health())?.factors).toContainEqual(
    expect.objectContaining({ key: 'silent', text: '42 天没有消息，平时约 3 天一次' }),
  );
  expect(await alerts()).toEqual([]);
});

test('a contact who deletes us is told to the owner and to who leads them, once, with the reasons', async () => {
  await usualTalk();
  await deletedByContact();
  await watch();
  await watch();
  const [alert, ...more] = await alerts();
  expect(more).toEqual([]);
  expect(alert).toMatchObject({ state: 'open', ownerId: rep.id, customerId: customer.id });
  const told = await notices();
  expect(told.map(({ memberId }) => memberId).toSorted()).toEqual([rep.id, manager.id].toSorted());
  expect(world.deps.cipher.decrypt(told[0]?.text ?? '')).toMatch(
    /客户有流失风险：.*\n风险 \d+\n原因：已删除我们的全部成员/,
  );
});

test('an owner who has left is told of nothing; who led them is', async () => {
  await usualTalk();
  await deletedByContact();
  await world.deps.db.member.update({ where: { id: rep.id }, data: { status: 'left' } });
  await watch();
  expect(await alerts()).toHaveLength(1);
  expect((await notices()).map(({ memberId }) => memberId)).toEqual([manager.id]);
});

test('one contact whose record cannot be read keeps nobody else from being looked at', async () => {
  const { db } = world.deps;
  const other = await makeChat(world.deps, { member: rep });
  for (const day of [60, 50, 40, 30, 20, 10, 5]) await other.say('contact', '你好', ago(day));
  await usualTalk();
  await watch();
  await db.health.update({ where: { contactId: chat.contact.id }, data: { factors: 'unreadable' } });
  await watchHealth(world.deps, {});
  expect(await db.health.findUnique({ where: { contactId: other.contact.id } })).not.toBe(null);
  await expect(watch()).rejects.toThrow();
});

test('a look that began before the contact deleted us takes nothing back of what was told since', async () => {
  await usualTalk();
  let isFirst = true;
  const meanwhile = async () => {
    if (!isFirst) return;
    isFirst = false;
    world.clock.advance(60_000);
    await deletedByContact();
    await watch();
  };
  const db = new Proxy(world.deps.db, {
    get(target, name) {
      if (name !== '$transaction') return Reflect.get(target, name);
      return async (work: Parameters<typeof target.$transaction>[0]) => {
        await meanwhile();
        return target.$transaction(work);
      };
    },
  });
  await watchHealth({ ...world.deps, db }, { contactIds: [chat.contact.id] });
  expect(await alerts()).toMatchObject([{ state: 'open' }]);
  expect((await health())?.level).toBe('risk');
});

test('two looks at once tell once', async () => {
  await usualTalk();
  await deletedByContact();
  await Promise.all([watch(), watch(), watch()]);
  expect(await alerts()).toHaveLength(1);
  expect(await notices()).toHaveLength(2);
});

test('when the contact is back the alert is over by itself', async () => {
  await usualTalk();
  await deletedByContact();
  await watch();
  await world.deps.db.follow.updateMany({ data: { state: 'active', changedAt: world.deps.now() } });
  await watch();
  expect(await alerts()).toMatchObject([{ state: 'over', closedBy: null, openOf: null }]);
});

test('a manager sees the alerts of their people, closes one with a reason, and a second close is refused', async () => {
  await usualTalk();
  await deletedByContact();
  await watch();
  const session = await openSession(world.deps, manager);
  const list = await http.ask('GET', '/api/churn-alerts', { as: session });
  expect(list.body).toMatchObject({
    total: 1,
    next: null,
    items: [{ state: 'open', owner: { name: '王明' }, customer: { id: customer.id }, factors: [{ key: 'deleted' }] }],
  });
  const id = (list.body as { items: { id: string }[] }).items[0]?.id ?? '';
  const body = { state: 'done', reason: '已电话沟通' };
  const close = () => http.ask('POST', `/api/churn-alerts/${id}/close`, { as: session, body });
  expect(await close()).toMatchObject({ status: 200, body: { state: 'done', closedBy: { name: '李经理' } } });
  expect(await close()).toMatchObject({ status: 409, body: { error: { code: 'churn_alert.closed_already' } } });
  await watch();
  expect(await alerts()).toHaveLength(1);
  const stranger = await openSession(world.deps, await makeMember(world.deps));
  const theirs = await http.ask('GET', '/api/churn-alerts?state=closed', { as: stranger });
  expect(theirs.body).toMatchObject({ total: 0, items: [] });
});

test('all contacts are looked at, however many there are', async () => {
  await usualTalk();
  await deletedByContact();
  await watchHealth(world.deps, {});
  expect(await alerts()).toHaveLength(1);
  expect(await world.deps.db.health.count()).toBe(1);
});

test('whoever closes the last alert of a page misses none of the next', async () => {
  const other = await makeChat(world.deps, { member: rep });
  for (const [n, contactId] of [chat.contact.id, other.contact.id].entries())
    await world.deps.db.churnAlert.create({
      data: { contactId, openOf: contactId, at: ago(1), risk: 90 - n, factors: sealJson(world.deps.cipher, []) },
    });
  const session = await openSession(world.deps, manager);
  const first = await http.ask('GET', '/api/churn-alerts?limit=1', { as: session });
  const { items, next } = first.body as { items: { id: string }[]; next: string };
  await http.ask('POST', `/api/churn-alerts/${items[0]?.id}/close`, { as: session, body: { state: 'done' } });
  const second = await http.ask('GET', `/api/churn-alerts?limit=1&cursor=${next}`, { as: session });
  expect(second.body).toMatchObject({ items: [{ contact: { id: other.contact.id } }] });
});

test('what was said badly counts with its words; a day without news changes nothing', async () => {
  const { deps } = world;
  await usualTalk();
  const at = ago(2);
  const messageId = await chat.say('contact', '你们太慢了，我很不满意', at);
  const said = { messageId, quote: '我很不满意', at: at.toISOString() };
  await insertSummary(deps.db, deps.cipher, {
    conversationId: chat.conversationId,
    at: deps.now(),
    statements: [],
    signals: [{ signal: 'negative', quotes: [said] }],
    suggestedTags: [],
    replyDraft: null,
    upToMessageId: messageId,
    messageCount: 1,
    droppedCount: 0,
    runId: null,
    promptVersion: '1',
  });
  await watch();
  expect((await health())?.factors).toContainEqual(
    expect.objectContaining({ key: 'signal.negative', pointer: { messageId, quote: '我很不满意' } }),
  );
  const first = await deps.db.health.findFirst();
  const heard: LiveEvent[] = [];
  deps.live.subscribe([`contact.${chat.contact.id}`], (event) => heard.push(event));
  world.clock.advance(60_000);
  await watch();
  expect(await deps.db.health.findFirst()).toEqual(first);
  expect(heard).toEqual([]);
});
