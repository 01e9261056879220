import { beforeEach, expect, test } from 'vitest';
import { syncMembers } from '#server/member/sync-members.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const MEMBERS = 60;
const platforms = [new FakePlatform('wecom'), new FakePlatform('dingtalk')];
const world = useWorld({ platforms });

beforeEach(() => {
  for (const platform of platforms) {
    platform.reset();
    for (const key of ['1', '2', '3']) platform.addDepartment(key, { parentKey: key === '1' ? null : '1' });
    for (let n = 0; n < MEMBERS; n += 1)
      platform.addMember(`${platform.name}-${n}`, {
        mobile: `138${String(n).padStart(8, '0')}`,
        departments: [{ key: `${1 + (n % 3)}`, isLeader: false }],
      });
  }
});

test('two messengers that are synced at one moment end with one member for each person', async () => {
  await Promise.all(platforms.map(({ name }) => syncMembers(world.deps, name)));
  // Whoever was not seen by the other sync is found by the next.
  await syncMembers(world.deps, 'wecom');

  const accounts = await world.deps.db.memberIdentity.findMany({ include: { member: true } });
  const byMember = Map.groupBy(accounts, ({ memberId }) => memberId);
  expect(byMember.size).toBe(MEMBERS);
  for (const mine of byMember.values()) {
    expect(new Set(mine.map(({ key }) => key.split('-')[1])).size).toBe(1);
    expect(mine).toHaveLength(2);
  }
  expect(accounts.every(({ member }) => member.status === 'active')).toBe(true);
  expect(await world.deps.db.member.count()).toBe(MEMBERS);
  expect(await world.deps.db.departmentMember.count()).toBe(2 * MEMBERS);
});
