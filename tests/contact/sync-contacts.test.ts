import { beforeEach, expect, test } from 'vitest';
import { reconcile } from '#server/contact/reconcile.ts';
import { syncContacts } from '#server/contact/sync-contacts.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
let announced: string[];

beforeEach(() => {
  platform.reset();
  announced = [];
  platform.addDepartment('1');
  platform.addTags('意向', '高');
  for (const key of ['a', 'b', 'c']) platform.addMember(key, { departments: [{ key: '1', isLeader: false }] });
  platform.addContact('1', { follows: ['a', { member: 'c', tagKeys: ['意向/高'] }] });
  platform.addContact('2', { follows: ['a'] });
  platform.addContact('3', { follows: ['a'] });
  platform.addContact('4', { follows: ['b', 'c'] });
});

test('every contact of every member is known afterwards, batch by batch and page by page', async () => {
  const run = await sync();
  expect(run).toMatchObject({ state: 'done', done: 6, repaired: 6 });
  expect(platform.called('listContacts').map(([owners, cursor]) => [owners, cursor])).toEqual([
    [['a', 'b'], ''],
    [['a', 'b'], '2'],
    [['c'], ''],
  ]);
  expect(await follows()).toEqual({
    '1': { a: 'active', c: 'active' },
    '2': { a: 'active' },
    '3': { a: 'active' },
    '4': { b: 'active', c: 'active' },
  });
  expect(await world.deps.db.followTag.count()).toBe(1);
  expect(new Set(announced).size).toBe(4);
});

test('a sync that was cut off goes on with the page where it stopped', async () => {
  platform.loseAnswer('listContacts');
  await expect(sync()).rejects.toThrow('unknown');
  await sync();
  platform.calls = [];
  await sync();
  expect(platform.called('listContacts')).toHaveLength(3);

  await world.deps.db.contact.deleteMany();
  const release = platform.hold('listContacts');
  const cutOff = sync();
  await expect.poll(() => platform.called('listContacts').length).toBe(4);
  platform.fail('listContacts', 'unavailable');
  release();
  await expect(cutOff).rejects.toThrow('unavailable');
  const run = await sync();
  expect(run).toMatchObject({ state: 'done', done: 6 });
  expect(Object.keys(await follows())).toEqual(['1', '2', '3', '4']);
});

test('a second sync changes nothing and sets nothing off', async () => {
  await sync();
  world.jobs.clear();
  announced = [];
  world.clock.advance(1000);
  expect(await sync()).toMatchObject({ done: 6, repaired: 0 });
  expect(world.jobs.waiting).toEqual([]);
  expect(announced).toEqual([]);
});

test('a follow the platform no longer shows is gone afterwards; what it knew stays', async () => {
  await sync();
  world.clock.advance(1000);
  platform.contacts.delete('2');
  platform.addContact('4', { follows: ['c'] });
  expect(await sync()).toMatchObject({ repaired: 2 });
  expect(await follows()).toMatchObject({
    '2': { a: 'removed_by_member' },
    '4': { b: 'removed_by_member', c: 'active' },
  });
});

test('a follow missing from a page, but shown when asked for, stays', async () => {
  await sync();
  world.clock.advance(1000);
  platform.owners = ['a', 'b', 'c'];
  const listContacts = platform.listContacts.bind(platform);
  platform.listContacts = async (owners, cursor) => {
    const page = await listContacts(owners, cursor);
    return { ...page, items: page.items.filter(({ key }) => key !== '3') };
  };
  try {
    await sync();
  } finally {
    Reflect.deleteProperty(platform, 'listContacts');
  }
  expect(await follows()).toMatchObject({ '3': { a: 'active' } });
});

test('a platform without contacts is left in peace', async () => {
  platform.capabilities.contacts = false;
  try {
    expect(await sync()).toBeNull();
    expect(platform.calls).toEqual([]);
  } finally {
    platform.capabilities.contacts = true;
  }
});

test('a reconciliation repairs what lost events left behind, and counts it', async () => {
  await sync();
  await reconcileAll();
  world.clock.advance(1000);
  expect(await reconcileAll()).toMatchObject({ state: 'done', repaired: 0 });

  world.clock.advance(1000);
  platform.addContact('5', { name: '没听说过', follows: ['b'] });
  platform.contacts.delete('2');
  platform.tagGroups = [];
  platform.addTags('阶段', '新');
  platform.members.delete('c');
  announced = [];
  const run = await reconcileAll();

  // Two tags, a member, a contact unheard of, a follow that is gone; and those of the member who left stay as they were.
  expect(run).toMatchObject({ state: 'done', repaired: 5 });
  expect(await follows()).toMatchObject({
    '1': { a: 'active', c: 'active' },
    '2': { a: 'removed_by_member' },
    '5': { b: 'active' },
  });
  expect(announced).toHaveLength(2);
  world.clock.advance(1000);
  expect(await reconcileAll()).toMatchObject({ repaired: 0 });
});

test('a reconciliation finds again who was thought gone', async () => {
  await sync();
  world.clock.advance(1000);
  await tell(world.deps, 'wecom', {
    kind: 'contact_removed',
    contact: '2',
    member: 'a',
    by: 'member',
    transferred: false,
  });
  await tell(world.deps, 'wecom', {
    kind: 'contact_removed',
    contact: '3',
    member: 'a',
    by: 'contact',
    transferred: false,
  });
  world.clock.advance(1000);
  await reconcileAll();
  expect(await follows()).toMatchObject({ '2': { a: 'active' }, '3': { a: 'removed_by_contact' } });
});

test('before the first full sync a reconciliation does not ask for contacts one by one', async () => {
  expect(await reconcileAll()).toMatchObject({ state: 'done' });
  expect(platform.called('getContact')).toEqual([]);
});

async function sync() {
  return syncContacts(world.deps, 'wecom', note);
}

async function reconcileAll() {
  return reconcile(world.deps, 'wecom', note);
}

async function note(_: unknown, contactIds: string[]): Promise<void> {
  announced.push(...contactIds);
}

/** States by contact and member. */
async function follows(): Promise<Record<string, Record<string, string>>> {
  const rows = await world.deps.db.follow.findMany({
    include: { contact: true },
    orderBy: [{ contact: { key: 'asc' } }],
  });
  const identities = await world.deps.db.memberIdentity.findMany();
  const keys = new Map(identities.map(({ memberId, key }) => [memberId, key]));
  const byContact: Record<string, Record<string, string>> = {};
  for (const { contact, memberId, state } of rows) {
    (byContact[contact.key] ??= {})[keys.get(memberId) ?? memberId] = state;
  }
  return byContact;
}
