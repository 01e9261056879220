import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { roles, type Role } from '#server/base/caller.ts';
import { callerOf, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom')] });
const http = useHttp(world);

type Place = 'own' | 'department' | 'below' | 'left' | 'above' | 'other';
const everyone: Place[] = ['own', 'department', 'below', 'left', 'above', 'other'];
const departmentAndBelow: Place[] = ['own', 'department', 'below', 'left'];
let staff: Record<Exclude<Place, 'own'>, Member>;
let place: (role: Role) => Promise<Member>;

beforeEach(async () => {
  const { deps } = world;
  const company = await makeDepartment(deps, { name: '公司' });
  const east = await makeDepartment(deps, { name: '华东', parent: company });
  const shanghai = await makeDepartment(deps, { name: '上海', parent: east });
  const district = await makeDepartment(deps, { name: '浦东', parent: shanghai });
  const south = await makeDepartment(deps, { name: '华南', parent: company });
  staff = {
    department: await makeMember(deps, { departments: [east] }),
    below: await makeMember(deps, { departments: [district] }),
    left: await makeMember(deps, { departments: [shanghai], status: 'left' }),
    above: await makeMember(deps, { departments: [company] }),
    other: await makeMember(deps, { departments: [south] }),
  };
  place = (role) => makeMember(deps, { role, departments: [east] });
});

test.each<[Role, Place[]]>([
  ['rep', ['own']],
  ['manager', departmentAndBelow],
  ['director', departmentAndBelow],
  ['marketing', departmentAndBelow],
  ['admin', everyone],
])('the scope of a %s is %j', async (role, expected) => {
  const self = await place(role);
  const { scope } = await callerOf(world.deps, self);
  const isIn = (member: Member) => scope.all || scope.memberIds.includes(member.id);
  const seen = everyone.filter((where) => isIn(where === 'own' ? self : staff[where]));
  expect(seen).toEqual(expected);
});

test('the list of members ends where the scope does, and leaves out who left', async () => {
  for (const role of roles) {
    const self = await place(role);
    const { memberId, scope } = await callerOf(world.deps, self);
    const { body } = await http.ask('GET', '/api/members', { as: await openSession(world.deps, self) });
    const ids = (body as { items: { id: string }[] }).items.map(({ id }) => id);
    expect(ids).toContain(memberId);
    expect(ids).not.toContain(staff.left.id);
    expect(ids.includes(staff.other.id)).toBe(scope.all);
    expect(ids.includes(staff.below.id)).toBe(role !== 'rep');
  }
});

test('who plans for the whole company finds everybody who works here, and a rep does not', async () => {
  for (const role of roles) {
    const as = await openSession(world.deps, await place(role));
    const { body } = await http.ask('GET', '/api/members?everyone=true', { as });
    const ids = (body as { items: { id: string }[] }).items.map(({ id }) => id);
    expect(ids.includes(staff.other.id)).toBe(role !== 'rep');
    expect(ids).not.toContain(staff.left.id);
  }
});

test('a member who changes department sees the change with the next request', async () => {
  const manager = await place('manager');
  expect((await callerOf(world.deps, manager)).scope).toMatchObject({
    memberIds: expect.arrayContaining([staff.below.id]),
  });
  await world.deps.db.departmentMember.deleteMany({ where: { memberId: manager.id } });
  expect((await callerOf(world.deps, manager)).scope).toEqual({ all: false, memberIds: [manager.id] });
});

test('the session of a member who left is no session, even if its row is still there', async () => {
  const member = await place('rep');
  const as = await openSession(world.deps, member);
  await world.deps.db.member.update({ where: { id: member.id }, data: { status: 'left' } });
  expect(await http.ask('GET', '/api/me', { as })).toMatchObject({ status: 401 });
});
