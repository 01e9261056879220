import { beforeEach, expect, test } from 'vitest';
import { syncMembers } from '#server/member/sync-members.ts';
import { openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });

beforeEach(() => {
  platform.reset();
  platform.addDepartment('1', { name: '公司' });
  platform.addDepartment('2', { name: '华东', parentKey: '1' });
  platform.addMember('boss', { position: '总经理', departments: [{ key: '1', isLeader: true }] });
  platform.addMember('rep', { position: '销售专员', departments: [{ key: '2', isLeader: false }] });
  platform.addMember('both', {
    position: '区域经理',
    departments: [
      { key: '1', isLeader: false },
      { key: '2', isLeader: true },
    ],
  });
});

test('departments and members become those of the platform, each member once', async () => {
  await syncMembers(world.deps, 'wecom');

  expect(await people()).toEqual({
    boss: { role: 'director', status: 'active', departments: ['公司'] },
    both: { role: 'manager', status: 'active', departments: ['公司', '华东'] },
    rep: { role: 'rep', status: 'active', departments: ['华东'] },
  });
});

test('a second sync finds nothing to put right', async () => {
  await syncMembers(world.deps, 'wecom');
  world.clock.advance(1000);
  const run = await syncMembers(world.deps, 'wecom');
  expect(run).toMatchObject({ state: 'done', repaired: 0 });
});

test('somebody in several departments counts once, so a sync never says 42 of 40', async () => {
  for (let n = 3; n < 80; n++) platform.addDepartment(`${n}`, { name: `部门${n}`, parentKey: '1' });
  platform.addMember('both', {
    departments: ['1', '2', '40', '79'].map((key) => ({ key, isLeader: false })),
  });
  expect(await syncMembers(world.deps, 'wecom')).toMatchObject({ state: 'done', done: 3, total: 3 });
  world.clock.advance(1000);
  expect(await syncMembers(world.deps, 'wecom')).toMatchObject({ state: 'done', done: 3, total: 3 });
});

test('thousands of members are synced', async () => {
  for (let n = 0; n < 2000; n++)
    platform.addMember(`m${n}`, { departments: [{ key: n % 2 ? '1' : '2', isLeader: false }] });
  const run = await syncMembers(world.deps, 'wecom');
  expect(run).toMatchObject({ state: 'done', total: 2003 });
  expect(await world.deps.db.memberIdentity.count()).toBe(2003);
});

test('a sync that was cut off goes on where it stopped', async () => {
  platform.fail('listMembers', 'unavailable');
  await expect(syncMembers(world.deps, 'wecom')).rejects.toThrow('unavailable');
  const run = await syncMembers(world.deps, 'wecom');
  expect(run?.state).toBe('done');
  expect(platform.called('listDepartments')).toHaveLength(1);
  expect(Object.keys(await people())).toEqual(['boss', 'both', 'rep']);
});

test('a role an admin gave survives every later sync', async () => {
  await syncMembers(world.deps, 'wecom');
  await world.deps.db.member.updateMany({ where: { name: 'Member rep' }, data: { role: 'admin' } });
  platform.addMember('rep', { position: '区域经理', departments: [{ key: '1', isLeader: false }] });
  world.clock.advance(1000);
  await syncMembers(world.deps, 'wecom');
  expect((await people())['rep']).toEqual({ role: 'admin', status: 'active', departments: ['公司'] });
});

test('a member the platform no longer knows is out, with every session; one only missing from a list stays', async () => {
  await syncMembers(world.deps, 'wecom');
  await openSession(world.deps, await memberOf('rep'));
  await openSession(world.deps, await memberOf('both'));
  platform.members.delete('rep');
  platform.addMember('both', { departments: [] });

  world.clock.advance(1000);
  await syncMembers(world.deps, 'wecom');

  expect(await people()).toMatchObject({ rep: { status: 'left' }, both: { status: 'active' } });
  expect(await sessionsOf('rep')).toBe(0);
  expect(await sessionsOf('both')).toBe(1);
});

test('a member who is disabled on the platform is out', async () => {
  await syncMembers(world.deps, 'wecom');
  await openSession(world.deps, await memberOf('rep'));
  platform.addMember('rep', { active: false, departments: [{ key: '2', isLeader: false }] });
  await tell(world.deps, 'wecom', { kind: 'member_changed', member: 'rep' });
  expect((await people())['rep']).toMatchObject({ status: 'left' });
  expect(await sessionsOf('rep')).toBe(0);
});

test('a member who left is out at once, even while the platform does not answer', async () => {
  await syncMembers(world.deps, 'wecom');
  await openSession(world.deps, await memberOf('rep'));
  platform.members.delete('rep');
  platform.fail('getMember', 'unavailable');

  await expect(tell(world.deps, 'wecom', { kind: 'member_left', member: 'rep' })).rejects.toThrow('unavailable');
  expect((await people())['rep']).toMatchObject({ status: 'left', departments: ['华东'] });
  expect(await sessionsOf('rep')).toBe(0);

  await tell(world.deps, 'wecom', { kind: 'member_left', member: 'rep' });
  expect((await people())['rep']).toMatchObject({ status: 'left' });
});

test('a departure told late does not put out a member who is back', async () => {
  await syncMembers(world.deps, 'wecom');
  await tell(world.deps, 'wecom', { kind: 'member_left', member: 'rep' });
  expect((await people())['rep']).toMatchObject({ status: 'active' });
});

test('a member who joins, or changes account name, is one member', async () => {
  await syncMembers(world.deps, 'wecom');
  platform.addMember('new', { departments: [{ key: '2', isLeader: false }] });
  await tell(world.deps, 'wecom', { kind: 'member_joined', member: 'new' });
  const { id } = await memberOf('new');

  platform.members.delete('new');
  platform.addMember('newer', { departments: [{ key: '2', isLeader: false }] });
  await tell(world.deps, 'wecom', { kind: 'member_changed', member: 'new', newKey: 'newer' });
  await tell(world.deps, 'wecom', { kind: 'member_changed', member: 'new', newKey: 'newer' });

  expect(Object.keys(await people())).toEqual(['boss', 'both', 'newer', 'rep']);
  expect((await memberOf('newer')).id).toBe(id);
});

test('departments that are founded, moved or dissolved are so here too', async () => {
  await syncMembers(world.deps, 'wecom');
  platform.addDepartment('3', { name: '华南', parentKey: '2' });
  await tell(world.deps, 'wecom', { kind: 'department_changed', department: '3' });
  platform.departments.delete('2');
  platform.addDepartment('3', { name: '华南', parentKey: '1' });
  await tell(world.deps, 'wecom', { kind: 'department_removed', department: '2' });

  const departments = await world.deps.db.department.findMany({ orderBy: { key: 'asc' } });
  expect(departments.map(({ key, parentKey }) => [key, parentKey])).toEqual([
    ['1', null],
    ['3', '1'],
  ]);
  expect((await people())['rep']).toMatchObject({ departments: [] });
});

async function people(): Promise<Record<string, { role: string; status: string; departments: string[] }>> {
  const rows = await world.deps.db.memberIdentity.findMany({
    include: { member: { include: { departments: { include: { department: true } } } } },
    orderBy: { key: 'asc' },
  });
  return Object.fromEntries(
    rows.map(({ key, member: { role, status, departments } }) => [
      key,
      { role, status, departments: departments.map(({ department }) => department.name).sort() },
    ]),
  );
}

async function memberOf(key: string) {
  return world.deps.db.member.findFirstOrThrow({ where: { identities: { some: { key } } } });
}

async function sessionsOf(key: string): Promise<number> {
  return world.deps.db.session.count({ where: { memberId: (await memberOf(key)).id } });
}
