import { beforeEach, expect, test } from 'vitest';
import type { Db } from '#server/base/database.ts';
import { addFollowTags } from '#server/contact/follow-store.ts';
import { countContacts } from '#server/segment/count-store.ts';
import { makeContact, makeFollow, makeMember } from '#tests/support/factories.ts';
import { untilSomebodyWaits } from '#tests/support/lock-wait.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

let tagId: string;
let followId: string;

beforeEach(async () => {
  const { deps } = world;
  const follow = await makeFollow(deps, await makeContact(deps), await makeMember(deps));
  followId = follow.id;
  const tag = { platform: 'wecom', key: 't', name: '高意向', groupKey: 'g', groupName: '意向' };
  tagId = (await deps.db.tag.create({ data: tag })).id;
});

const changeState = async (state: string, db: Db = world.deps.db) => {
  await db.follow.update({ where: { id: followId }, data: { state } });
};
const tagged = () =>
  countContacts(world.deps.pool, { field: 'follow.tag', operator: 'is_any', value: [tagId] }, world.deps.now());

test('who has a tag is who has it from somebody connected with them, as of this moment', async () => {
  await addFollowTags(world.deps.db, followId, [tagId], world.deps.now());
  expect(await tagged()).toBe(1);
  await changeState('removed_by_contact');
  expect(await tagged()).toBe(0);
  await changeState('active');
  expect(await tagged()).toBe(1);
});

test('a tag given in the moment the contact leaves is the tag of one who left', async () => {
  let given: Promise<void> | undefined;
  await world.deps.db.$transaction(async (tx) => {
    await changeState('removed_by_contact', tx);
    given = addFollowTags(world.deps.db, followId, [tagId], world.deps.now());
    await untilSomebodyWaits(world.deps);
  });
  await given;
  expect(await world.deps.db.followTag.count()).toBe(1);
  expect(await tagged()).toBe(0);
});

test('a contact who leaves in the moment a tag is given leaves with the tag', async () => {
  let left: Promise<unknown> | undefined;
  await world.deps.db.$transaction(async (tx) => {
    await addFollowTags(tx, followId, [tagId], world.deps.now());
    left = changeState('removed_by_contact');
    await untilSomebodyWaits(world.deps);
  });
  await left;
  expect(await world.deps.db.followTag.count()).toBe(1);
  expect(await tagged()).toBe(0);
});

test('a tag of a follow that is gone is given to nobody, and a tag given twice is there once', async () => {
  await addFollowTags(world.deps.db, followId, [tagId], world.deps.now());
  await addFollowTags(world.deps.db, followId, [tagId], world.deps.now());
  await addFollowTags(world.deps.db, '018f0000-0000-7000-8000-000000000000', [tagId], world.deps.now());
  expect(await world.deps.db.followTag.count()).toBe(1);
});
