import { beforeEach, describe, expect, test } from 'vitest';
import type { MemberIdentity } from '#prisma/client/client.ts';
import { joinAccount } from '#server/member/join-account.ts';
import { joinTwins } from '#server/member/join-twins.ts';
import { separateAccount } from '#server/member/separate-account.ts';
import { syncMembers } from '#server/member/sync-members.ts';
import type { AccountView } from '#server/member/member-api.ts';
import {
  callerOf,
  makeContact,
  makeCustomer,
  makeDepartment,
  makeFollow,
  makeMember,
  openSession,
} from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const sales = new FakePlatform('wecom');
const office = new FakePlatform('dingtalk');
Object.assign(office, { capabilities: { ...office.capabilities, contacts: false, sidebar: false } });
const world = useWorld({ platforms: [sales, office] });
const http = useHttp(world);

beforeEach(() => {
  for (const platform of [sales, office]) {
    platform.reset();
    platform.addDepartment('1', { name: '公司' });
  }
});

const here = { departments: [{ key: '1', isLeader: false }] };
const sync = async (...platforms: FakePlatform[]) => {
  world.clock.advance(1000);
  for (const { name } of platforms) await syncMembers(world.deps, name);
};
const account = (platform: string, key: string): Promise<MemberIdentity> =>
  world.deps.db.memberIdentity.findUniqueOrThrow({ where: { platform_key: { platform, key } } });
const memberOf = async (platform: string, key: string) => {
  const { memberId } = await account(platform, key);
  return world.deps.db.member.findUniqueOrThrow({ where: { id: memberId } });
};
const activeMembers = () => world.deps.db.member.count({ where: { status: 'active' } });

describe('a member who is on two platforms', () => {
  test('is one, by mobile or else by email', async () => {
    sales.addMember('LiLei', { ...here, name: '李雷', mobile: '13800138000' });
    sales.addMember('Han', { ...here, name: '韩梅梅', email: 'han@example.com' });
    office.addMember('u1', { ...here, name: 'Li Lei', mobile: '+86 13800138000' });
    office.addMember('u2', { ...here, name: 'Han', mobile: '13900139000', email: 'HAN@example.com' });
    await sync(sales, office);

    expect(await activeMembers()).toBe(2);
    expect((await account('dingtalk', 'u1')).memberId).toBe((await account('wecom', 'LiLei')).memberId);
    expect(await account('dingtalk', 'u1')).toMatchObject({ joinedBy: 'mobile', name: 'Li Lei' });
    expect(await account('dingtalk', 'u2')).toMatchObject({ joinedBy: 'email' });
    const stored = JSON.stringify(await world.deps.db.memberIdentity.findMany());
    expect(stored).not.toMatch(/13800138000|han@/i);
  });

  test('stays two while there is any doubt', async () => {
    sales.addMember('a', { ...here, mobile: '13800138000' });
    sales.addMember('b', { ...here, mobile: '13800138000' });
    office.addMember('u1', { ...here, mobile: '13800138000' });
    await sync(sales, office, sales, office);
    expect(await activeMembers()).toBe(3);
  });

  test('keeps the name and picture of the platform they came from', async () => {
    sales.addMember('LiLei', { ...here, name: '李雷', mobile: '13800138000' });
    office.addMember('u1', { ...here, name: 'Li Lei', mobile: '13800138000' });
    await sync(sales, office, sales, office);
    expect((await memberOf('wecom', 'LiLei')).name).toBe('李雷');
    world.clock.advance(1000);
    expect(await syncMembers(world.deps, 'dingtalk')).toMatchObject({ repaired: 0 });
    expect(await syncMembers(world.deps, 'wecom')).toMatchObject({ repaired: 0 });
  });

  test('has the higher role of the two, unless an admin has said what they are', async () => {
    sales.addMember('a', { ...here, position: '销售', mobile: '13800138000' });
    sales.addMember('b', { ...here, position: '销售', mobile: '13900139000' });
    await sync(sales);
    const admin = await makeMember(world.deps, { role: 'admin', key: 'admin' });
    const b = await memberOf('wecom', 'b');
    await http.ask('PATCH', `/api/members/${b.id}`, {
      as: await openSession(world.deps, admin),
      body: { role: 'marketing' },
    });
    office.addMember('u1', { ...here, position: '大区总监', mobile: '13800138000' });
    office.addMember('u2', { ...here, position: '大区总监', mobile: '13900139000' });
    await sync(office);
    expect((await memberOf('wecom', 'a')).role).toBe('director');
    expect((await memberOf('wecom', 'b')).role).toBe('marketing');
  });

  test('has left when the platform with their contacts says so, at once and everywhere', async () => {
    sales.addMember('LiLei', { ...here, mobile: '13800138000' });
    office.addMember('u1', { ...here, mobile: '13800138000' });
    await sync(sales, office);
    const member = await memberOf('wecom', 'LiLei');
    await makeContact(world.deps, { followedBy: [member] });
    await openSession(world.deps, member, 'dingtalk');
    sales.members.delete('LiLei');
    await tell(world.deps, 'wecom', { kind: 'member_left', member: 'LiLei' });
    expect((await memberOf('wecom', 'LiLei')).status).toBe('left');
    expect(await world.deps.db.session.count()).toBe(0);
    await sync(office, sales);
    expect((await memberOf('wecom', 'LiLei')).status).toBe('left');
  });

  test('works on with the other account when one without contacts is gone, but not with its sessions', async () => {
    sales.addMember('LiLei', { ...here, mobile: '13800138000' });
    office.addMember('u1', { ...here, mobile: '13800138000' });
    await sync(sales, office);
    const member = await memberOf('wecom', 'LiLei');
    await openSession(world.deps, member, 'dingtalk');
    await openSession(world.deps, member, 'wecom');
    office.members.delete('u1');
    await sync(office, sales);
    expect((await memberOf('wecom', 'LiLei')).status).toBe('active');
    expect((await world.deps.db.session.findMany()).map(({ platform }) => platform)).toEqual(['wecom']);

    office.logins.set('code', 'u1');
    const body = { platform: 'dingtalk', code: 'code' };
    expect(await http.ask('POST', '/api/login', { body })).toMatchObject({ status: 401, code: 'login.unknown_member' });

    sales.members.delete('LiLei');
    await sync(sales);
    expect((await memberOf('wecom', 'LiLei')).status).toBe('left');
  });

  test('who was two before is found out later, and what both had is the one’s', async () => {
    sales.addMember('LiLei', { ...here, name: '李雷' });
    office.addMember('u1', { ...here, name: '李雷', mobile: '13800138000', position: '经理' });
    await sync(sales, office);
    expect(await activeMembers()).toBe(2);
    const late = await memberOf('dingtalk', 'u1');
    const customer = await makeCustomer(world.deps, { owner: late });
    sales.addMember('LiLei', { ...here, name: '李雷', mobile: '13800138000' });
    await sync(sales);
    const first = await memberOf('wecom', 'LiLei');
    expect(await activeMembers()).toBe(1);
    expect((await memberOf('dingtalk', 'u1')).id).toBe(first.id);
    expect(first.role).toBe('manager');
    expect(await world.deps.db.customer.findUnique({ where: { id: customer.id } })).toMatchObject({
      ownerId: first.id,
    });
    expect(await joinTwins(world.deps)).toBe(0);
    await sync(office, sales);
    expect(await activeMembers()).toBe(1);
  });
});

describe('an admin who joins two accounts by hand', () => {
  async function two() {
    const { deps } = world;
    const admin = await makeMember(deps, { role: 'admin', key: 'admin' });
    const kept = await makeMember(deps, { name: '李雷', key: 'LiLei' });
    const gone = await makeMember(deps, { name: '李雷', platform: 'dingtalk', key: 'u1' });
    await deps.db.memberIdentity.updateMany({
      where: { memberId: { in: [kept.id, gone.id] } },
      data: { name: '李雷' },
    });
    return { kept, gone, caller: await callerOf(deps, admin), as: await openSession(deps, admin) };
  }

  test('finds who may be meant, joins, and takes it back', async () => {
    const { kept, gone, as } = await two();
    const list = await http.ask('GET', '/api/member-accounts?single=true&platform=dingtalk', { as });
    const [seen] = (list.body as { items: AccountView[] }).items;
    expect(seen).toMatchObject({
      key: 'u1',
      member: { id: gone.id },
      matches: [{ member: { id: kept.id }, because: 'name' }],
    });

    const body = { platform: 'dingtalk', key: 'u1', memberId: kept.id };
    const joined = await http.ask('POST', '/api/member-accounts/join', { as, body });
    expect(joined).toMatchObject({
      status: 200,
      body: { joinedBy: 'hand', member: { id: kept.id }, others: [{ key: 'LiLei' }], matches: [] },
    });
    expect(await http.ask('POST', '/api/member-accounts/join', { as, body })).toMatchObject({ status: 200 });

    const apart = await http.ask('POST', '/api/member-accounts/separate', {
      as,
      body: { platform: 'dingtalk', key: 'u1' },
    });
    expect(apart).toMatchObject({
      status: 200,
      body: { joinedBy: 'apart', member: { name: '李雷', status: 'active', role: 'rep' }, others: [] },
    });
    const again = await http.ask('POST', '/api/member-accounts/separate', {
      as,
      body: { platform: 'dingtalk', key: 'u1' },
    });
    expect(again).toMatchObject({ status: 409, code: 'member.not_joined' });
    expect((await world.deps.db.auditEntry.findMany({ orderBy: { id: 'asc' } })).map(({ action }) => action)).toEqual([
      'member.joined',
      'member.separated',
    ]);
  });

  test('leaves of the emptied member a name that histories can show, and brings it back', async () => {
    const { kept, gone, caller } = await two();
    const { db } = world.deps;
    await db.auditEntry.create({ data: { memberId: gone.id, action: 'customer.phone.read', subject: 'customer:x' } });
    const account = { platform: 'dingtalk', key: 'u1' };
    await joinAccount(world.deps, caller, { ...account, memberId: kept.id });
    expect(await db.member.findUnique({ where: { id: gone.id } })).toMatchObject({ name: '李雷', status: 'left' });
    expect(await separateAccount(world.deps, caller, account)).toMatchObject({ memberId: gone.id });
    expect(await db.member.findUnique({ where: { id: gone.id } })).toMatchObject({ status: 'active' });
  });

  test('keeps no empty member where nothing names it', async () => {
    const { kept, gone, caller } = await two();
    await joinAccount(world.deps, caller, { platform: 'dingtalk', key: 'u1', memberId: kept.id });
    expect(await world.deps.db.member.findUnique({ where: { id: gone.id } })).toBeNull();
  });

  test('is not overruled by the next sync', async () => {
    const { kept, caller } = await two();
    await joinAccount(world.deps, caller, { platform: 'dingtalk', key: 'u1', memberId: kept.id });
    await separateAccount(world.deps, caller, { platform: 'dingtalk', key: 'u1' });
    sales.addMember('LiLei', { ...here, mobile: '13800138000' });
    sales.addMember('admin', here);
    office.addMember('u1', { ...here, mobile: '13800138000' });
    await sync(sales, office, sales);
    expect((await memberOf('dingtalk', 'u1')).id).not.toBe(kept.id);
  });

  test('is refused where that member has an account there, or the account is joined elsewhere', async () => {
    const { kept, gone, caller } = await two();
    const third = await makeMember(world.deps, { platform: 'dingtalk', key: 'u2' });
    const to = (platform: string, key: string, memberId: string) =>
      joinAccount(world.deps, caller, { platform, key, memberId });
    await expect(to('dingtalk', 'u1', third.id)).rejects.toMatchObject({ code: 'member.has_account' });
    await to('dingtalk', 'u1', kept.id);
    await expect(to('dingtalk', 'u1', third.id)).rejects.toMatchObject({ code: 'member.joined_already' });
    await expect(to('dingtalk', 'nobody', kept.id)).rejects.toMatchObject({ code: 'member.unknown_account' });
    await expect(to('dingtalk', 'u2', gone.id)).rejects.toMatchObject({ code: 'member.unknown' });
  });

  test('never costs the company its last admin', async () => {
    const { deps } = world;
    const admin = await makeMember(deps, { role: 'admin', platform: 'dingtalk', key: 'boss' });
    const kept = await makeMember(deps, { key: 'LiLei' });
    const entry = { memberId: admin.id, action: 'member.role.changed', subject: `member:${kept.id}` };
    await deps.db.auditEntry.create({ data: entry });
    await joinAccount(deps, await callerOf(deps, admin), { platform: 'dingtalk', key: 'boss', memberId: kept.id });
    expect(await deps.db.member.findUnique({ where: { id: kept.id } })).toMatchObject({ role: 'admin' });
  });

  test('makes one of what both have', async () => {
    const { deps } = world;
    const { kept, gone, caller } = await two();
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, kept, { remark: '旧', changedAt: new Date('2026-01-01') });
    await makeFollow(deps, contact, gone, { remark: '新', changedAt: new Date('2026-02-01') });
    const department = await makeDepartment(deps);
    for (const [member, n] of [
      [kept, 1],
      [gone, 2],
    ] as const) {
      await deps.db.departmentMember.create({
        data: { departmentId: department.id, memberId: member.id, isLeader: n === 2 },
      });
      const at = new Date(`2026-02-0${n}T00:00:00.000Z`);
      const conversation = await deps.db.conversation.create({
        data: { contactId: contact.id, memberId: member.id, messageCount: 1, lastMessageAt: at },
      });
      const message = {
        conversationId: conversation.id,
        sourceId: 's',
        key: `${n}`,
        sender: 'contact',
        at,
        kind: 'text',
      };
      await deps.db.message.create({ data: message });
      await deps.db.replyDraft.create({
        data: { memberId: member.id, contactId: contact.id, text: `${n}`, updatedAt: at },
      });
      await deps.db.sidebarUse.create({ data: { memberId: member.id, day: at, opens: n } });
      await deps.db.sidebarUse.create({ data: { memberId: member.id, day: new Date('2026-02-09'), opens: n } });
    }
    const approval = await deps.db.approval.create({
      data: {
        kind: 'discount',
        requesterId: caller.memberId,
        title: 't',
        reason: 'r',
        content: 'c',
        measure: 1,
        risk: 'low',
        levels: [{ ids: [gone.id] }],
      },
    });
    const seats = [
      { approvalId: approval.id, level: 0, memberId: kept.id, state: 'closed' },
      { approvalId: approval.id, level: 0, memberId: gone.id, state: 'approved', decidedAt: deps.now() },
    ];
    await deps.db.approvalSeat.createMany({ data: seats });
    await joinAccount(deps, caller, { platform: 'dingtalk', key: 'u1', memberId: kept.id });

    expect(await deps.db.follow.findMany({ select: { memberId: true, remark: true } })).toEqual([
      { memberId: kept.id, remark: '新' },
    ]);
    expect(await deps.db.departmentMember.findMany({ select: { memberId: true, isLeader: true } })).toEqual([
      { memberId: kept.id, isLeader: true },
    ]);
    const [conversation, ...more] = await deps.db.conversation.findMany({ include: { messages: true } });
    expect(more).toEqual([]);
    expect(conversation).toMatchObject({ memberId: kept.id, messageCount: 2, lastMessageAt: new Date('2026-02-02') });
    expect(conversation?.messages).toHaveLength(2);
    expect(await deps.db.replyDraft.findMany()).toMatchObject([{ memberId: kept.id, text: '2' }]);
    expect((await deps.db.sidebarUse.findMany({ orderBy: { day: 'asc' } })).map(({ opens }) => opens)).toEqual([
      1, 2, 3,
    ]);
    expect(await deps.db.approvalSeat.findMany()).toMatchObject([
      { memberId: kept.id, state: 'approved', decidedAt: deps.now() },
    ]);
    expect(await deps.db.approval.findFirst()).toMatchObject({ levels: [{ ids: [kept.id] }] });
  });
});
