import { beforeEach, expect, test } from 'vitest';
import type { Department, Member } from '#prisma/client/client.ts';
import { watchHealth } from '#server/health/watch-health.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { makeCustomer, makeDepartment, makeFollow, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);
const DAY_MS = 86_400_000;
let company: Department;
let north: Department;
let south: Department;
let rep: Member;
let manager: Member;
let chat: Chat;

const ago = (days: number) => new Date(world.deps.now().getTime() - days * DAY_MS);

beforeEach(async () => {
  company = await makeDepartment(world.deps);
  north = await makeDepartment(world.deps, { parent: company });
  south = await makeDepartment(world.deps, { parent: company });
  rep = await makeMember(world.deps, { name: '王明', departments: [north] });
  manager = await makeMember(world.deps, { name: '李经理', role: 'manager', departments: [north] });
  await makeMember(world.deps, { name: '管理员', role: 'admin' });
  chat = await makeChat(world.deps, { member: rep });
  for (let day = 60; day >= 6; day -= 9) await chat.say('contact', '请问进度如何', ago(day));
});

const owned = async (owner: Member | null) => {
  const customer = await makeCustomer(world.deps, { owner: rep });
  await world.deps.db.customer.update({ where: { id: customer.id }, data: { ownerId: owner?.id ?? null } });
  await world.deps.db.binding.create({
    data: { contactId: chat.contact.id, customerId: customer.id, reasons: [], madeAt: ago(100) },
  });
};
const follow = (state: string, member = rep) =>
  world.deps.db.follow.updateMany({ where: { memberId: member.id }, data: { state, changedAt: ago(0.5) } });
const leave = (member: Member) => world.deps.db.member.update({ where: { id: member.id }, data: { status: 'left' } });

/** Has the contact judged twice, and answers for each notice whom it went to and what opened when they followed it. */
async function told(): Promise<string[]> {
  await watchHealth(world.deps, { contactIds: [chat.contact.id] });
  await watchHealth(world.deps, { contactIds: [chat.contact.id] });
  const opened: string[] = [];
  for (const { memberId, path } of await world.deps.db.notice.findMany()) {
    const member = await world.deps.db.member.findUniqueOrThrow({ where: { id: memberId } });
    opened.push(`${member.name}: ${await follows(path ?? '', await openSession(world.deps, member))}`);
  }
  return opened.toSorted();
}

async function follows(path: string, as: string): Promise<string> {
  if (path === `/sidebar.html?contact=${chat.contact.key}`) {
    const { status } = await http.ask('GET', `/api/sidebar?platform=wecom&contact=${chat.contact.key}`, { as });
    return status === 200 ? 'chat' : `${status}`;
  }
  const { body } = await http.ask('GET', '/api/churn-alerts', { as });
  const isThere = (body as { items: { id: string }[] }).items.some(({ id }) => path === `/inbox.html#/churn/${id}`);
  return isThere ? 'list' : 'nothing';
}

test('the owner who follows the contact and who leads them are told', async () => {
  await owned(rep);
  await follow('removed_by_contact');
  expect(await told()).toEqual(['李经理: list', '王明: chat']);
});

test('an owner of another department, who cannot open the contact, is not told: who follows it and their leader are', async () => {
  await makeMember(world.deps, { name: '南区经理', role: 'manager', departments: [south] });
  await owned(await makeMember(world.deps, { name: '南区', departments: [south] }));
  await follow('removed_by_contact');
  expect(await told()).toEqual(['李经理: list', '王明: chat']);
});

test('an owner who follows nobody but may open the contact is told beside who follows it', async () => {
  await owned(await makeMember(world.deps, { name: '总监', role: 'director', departments: [company] }));
  await follow('removed_by_contact');
  expect(await told()).toEqual(['总监: list', '李经理: list', '王明: chat']);
});

test('a manager who is the owner too is told once, and nobody above is', async () => {
  await makeMember(world.deps, { name: '总监', role: 'director', departments: [company] });
  await owned(manager);
  await follow('removed_by_contact');
  expect(await told()).toEqual(['李经理: list', '王明: chat']);
});

test('an owner who has left is not told; a colleague whom the contact has still, and their leader, are', async () => {
  const colleague = await makeMember(world.deps, { name: '赵云', departments: [south] });
  await makeMember(world.deps, { name: '南区经理', role: 'manager', departments: [south] });
  await makeFollow(world.deps, chat.contact, colleague);
  await owned(rep);
  await leave(rep);
  await follow('removed_by_contact');
  await follow('removed_by_contact', colleague);
  expect(await told()).toEqual(['南区经理: list', '赵云: chat']);
});

test('with no owner who follows the contact is told, and counts as whose it is', async () => {
  await owned(null);
  await follow('removed_by_contact');
  expect(await told()).toEqual(['李经理: list', '王明: chat']);
  expect(await world.deps.db.churnAlert.findFirst()).toMatchObject({ ownerId: rep.id });
});

test('with no owner and nobody left who follows it, who led the last is told', async () => {
  await leave(rep);
  await follow('removed_by_contact');
  expect(await told()).toEqual(['李经理: list']);
  expect(await world.deps.db.churnAlert.findFirst()).toMatchObject({ ownerId: null });
});

test('where nobody leads the owner, the admins are told beside them', async () => {
  await leave(manager);
  await owned(rep);
  await follow('removed_by_contact');
  expect(await told()).toEqual(['王明: chat', '管理员: list']);
});

test('a leader who sees only their own contacts is passed over for the next above', async () => {
  const lead = await makeMember(world.deps, { name: '组长', departments: [north] });
  await world.deps.db.departmentMember.updateMany({ where: { memberId: lead.id }, data: { isLeader: true } });
  await makeMember(world.deps, { name: '总监', role: 'director', departments: [company] });
  await owned(rep);
  await follow('removed_by_contact');
  expect(await told()).toEqual(['总监: list', '王明: chat']);
});

test('a customer whom nobody follows or owns any more reaches the admins', async () => {
  const gone = await makeMember(world.deps, { name: '旧同事', departments: [south], status: 'left' });
  await makeFollow(world.deps, chat.contact, gone);
  await follow('removed_by_contact', gone);
  await world.deps.db.departmentMember.deleteMany({ where: { memberId: gone.id } });
  await follow('removed_by_member');
  expect(await told()).toEqual(['管理员: list']);
});
