import { beforeEach, expect, test } from 'vitest';
import { syncMembers } from '#server/member/sync-members.ts';
import { openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const DEPARTMENTS = 300;
const MEMBERS = 5000;

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });

beforeEach(() => platform.reset());

const departmentOf = (n: number) => `${n % DEPARTMENTS}`;

/** Every seventh member is in three departments, every fifth leads one; some are disabled. */
function addPeople(): void {
  for (let n = 0; n < DEPARTMENTS; n += 1)
    platform.addDepartment(`${n}`, { parentKey: n === 0 ? null : `${Math.floor((n - 1) / 4)}`, order: n });
  for (let n = 0; n < MEMBERS; n += 1) {
    const places = n % 7 === 0 ? [n, n + 11, n + 101] : [n];
    platform.addMember(`m${n}`, {
      position: n % 50 === 0 ? '区域经理' : '销售专员',
      mobile: `138${String(n).padStart(8, '0')}`,
      active: n % 97 !== 0,
      departments: places.map((place) => ({ key: departmentOf(place), isLeader: n % 5 === 0 })),
    });
  }
}

/** Some leave, some are disabled, some move, are renamed or come anew; a department is dissolved, one is founded. */
function changePeople(): void {
  for (let n = 0; n < MEMBERS; n += 1) {
    const member = platform.members.get(`m${n}`);
    if (!member) continue;
    if (n % 40 === 3) platform.members.delete(`m${n}`);
    if (n % 31 === 5) member.active = !member.active;
    if (n % 17 === 2) member.departments = [{ key: departmentOf(n + 7), isLeader: false }];
    if (n % 13 === 1) member.name = `${member.name} 二`;
  }
  platform.departments.delete('299');
  platform.addDepartment('300', { name: '新区', parentKey: '0', order: 300 });
  for (let n = 0; n < 60; n += 1)
    platform.addMember(`new${n}`, { departments: [{ key: n % 2 ? '300' : '1', isLeader: n === 0 }] });
}

async function syncInterruptedTwice(): Promise<void> {
  world.clock.advance(60_000);
  for (const afterCalls of [7, 30]) {
    let calls = 0;
    const listMembers = platform.listMembers.bind(platform);
    platform.listMembers = async (key) => {
      if (++calls > afterCalls) platform.fail('listMembers', 'unavailable');
      return listMembers(key);
    };
    await expect(syncMembers(world.deps, 'wecom')).rejects.toThrow('unavailable');
    platform.listMembers = listMembers;
  }
  expect(await syncMembers(world.deps, 'wecom')).toMatchObject({ state: 'done' });
}

test('5,000 members in 300 departments, with a sync that is cut off twice, end as the platform has them', async () => {
  addPeople();
  await syncInterruptedTwice();
  expect(await stored()).toEqual(shown());

  const leaver = await world.deps.db.member.findFirstOrThrow({ where: { identities: { some: { key: 'm3' } } } });
  await openSession(world.deps, leaver);
  changePeople();
  await syncInterruptedTwice();
  expect(await stored()).toEqual(shown());
  expect(await world.deps.db.session.count()).toBe(0);
  world.clock.advance(60_000);
  expect(await syncMembers(world.deps, 'wecom')).toMatchObject({ state: 'done', repaired: 0 });
});

/** Who works here, under which name, where and as what; of those who left only their keys. */
async function stored() {
  const departments = await world.deps.db.department.findMany();
  const accounts = await world.deps.db.memberIdentity.findMany({
    include: { member: { include: { departments: { include: { department: true } } } } },
  });
  const here = accounts.filter(({ member }) => member.status === 'active');
  return {
    departments: departments.map(({ key, name, parentKey }) => `${key} ${name} ${parentKey}`).toSorted(),
    members: here
      .map(({ key, name, member }) => {
        const places = member.departments.map(({ department, isLeader }) => `${department.key}${isLeader ? '!' : ''}`);
        return `${key} ${member.name} ${name} ${places.toSorted().join()}`;
      })
      .toSorted(),
    count: accounts.filter(({ leftAt }) => leftAt === null).length,
  };
}

function shown(): Awaited<ReturnType<typeof stored>> {
  const active = [...platform.members.values()].filter((member) => member.active);
  return {
    departments: [...platform.departments.values()]
      .map(({ key, name, parentKey }) => `${key} ${name} ${parentKey}`)
      .toSorted(),
    members: active
      .map(({ key, name, departments }) => {
        const places = departments
          .filter((place) => platform.departments.has(place.key))
          .map((place) => `${place.key}${place.isLeader ? '!' : ''}`);
        return `${key} ${name} ${name} ${places.toSorted().join()}`;
      })
      .toSorted(),
    count: active.length,
  };
}
