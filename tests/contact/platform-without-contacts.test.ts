import { expect, test } from 'vitest';
import { schedules } from '#server/jobs.ts';
import { reconcile } from '#server/contact/reconcile.ts';
import { syncContacts } from '#server/contact/sync-contacts.ts';
import { syncTags } from '#server/contact/sync-tags.ts';
import { startSync } from '#server/inbound/start-sync.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const staffOnly = new FakePlatform('staff-only');
Object.assign(staffOnly.capabilities, { contacts: false, welcome: false });
staffOnly.archive = null;
const world = useWorld({ platforms: [new FakePlatform(), staffOnly] });
const nothing = async () => {};

test('nothing about contacts is scheduled for a platform that has none', () => {
  const of = (platform: string) =>
    schedules(world.deps).flatMap(({ name, payload }) =>
      'platform' in payload && payload.platform === platform ? [name] : [],
    );
  expect(of('staff-only').toSorted()).toEqual(['reconcile', 'sync-members']);
  expect(of('fake')).toEqual(
    expect.arrayContaining(['pull-archive', 'reconcile', 'sync-contacts', 'sync-members', 'sync-tags']),
  );
});

test('its syncs of contacts and tags do nothing, and it is not asked about them', async () => {
  staffOnly.addDepartment('1');
  expect(await syncContacts(world.deps, 'staff-only', nothing)).toBeNull();
  expect(await syncTags(world.deps, 'staff-only')).toBeNull();
  expect(await reconcile(world.deps, 'staff-only', nothing)).toMatchObject({ state: 'done' });
  const asked = new Set(staffOnly.calls.map(({ method }) => method));
  expect(asked).toEqual(new Set(['listDepartments', 'listMembers']));
});

test('who starts one by hand is told why not', async () => {
  const by = '00000000-0000-4000-8000-000000000001';
  const sync = startSync(world.deps, { platform: 'staff-only', kind: 'contacts', by });
  await expect(sync).rejects.toMatchObject({ code: 'sync.no_contacts', status: 409 });
  expect(await world.deps.db.syncRun.count()).toBe(0);
});
