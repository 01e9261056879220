import { beforeEach, expect, test } from 'vitest';
import { saveSetting } from '#server/base/setting.ts';
import { deleteWelcomes } from '#server/channel/welcome-store.ts';
import { sendWelcome } from '#server/channel/send-welcome.ts';
import { hashWelcomeCode, welcomeText } from '#server/channel/welcome.ts';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import { makeMember, welcomeContacts } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const codeHash = hashWelcomeCode('code');

beforeEach(async () => {
  platform.reset();
  platform.welcomeCodes.add('code');
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
  await makeMember(world.deps, { key: 'lin', name: '林晓' });
  await welcomeContacts(world.deps);
});

test('a contact is welcomed once, by name, however often the add is told', async () => {
  await added();
  await added();
  await world.jobs.drain();
  await added();
  await world.jobs.drain();
  await sendWelcome(world.deps, codeHash);
  expect(platform.welcomes).toEqual([{ code: 'code', text: '陈女士您好，我是林晓' }]);
  expect(await welcome()).toMatchObject({ state: 'sent', sentAt: world.deps.now() });
});

test('many workers who take the same welcome send it once', async () => {
  await added();
  await Promise.all(Array.from({ length: 8 }, () => sendWelcome(world.deps, codeHash)));
  expect(platform.called('sendWelcome')).toHaveLength(1);
  expect(await welcome()).toMatchObject({ state: 'sent' });
});

test('a welcome is owed as soon as the add is heard of, before anything else is done about it', async () => {
  platform.fail('getContact', 'unavailable');
  await expect(added()).rejects.toThrow('unavailable');
  await world.jobs.drain();
  expect(platform.welcomes).toHaveLength(1);
});

test('the code is not kept in the clear', async () => {
  await added();
  const { code, codeHash: hash } = await welcome();
  expect([code, hash].join()).not.toContain('code');
  expect(world.deps.cipher.decrypt(code)).toBe('code');
});

test('a welcome later than 20 seconds after the add is not sent', async () => {
  await added();
  world.clock.advance(20_000);
  await world.jobs.drain();
  expect(platform.called('sendWelcome')).toEqual([]);
  expect(await welcome()).toMatchObject({ state: 'late' });
});

test.each<[PlatformErrorKind, string]>([
  ['rejected', 'refused'],
  ['not_found', 'refused'],
  ['forbidden', 'refused'],
])('a welcome the platform says no to (%s) is %s, and not tried again', async (kind, state) => {
  platform.fail('sendWelcome', kind, { code: '41050' });
  await added();
  await world.jobs.drain();
  await sendWelcome(world.deps, codeHash);
  expect(platform.called('sendWelcome')).toHaveLength(1);
  expect(await welcome()).toMatchObject({ state, lastError: `sendWelcome ${kind} 41050` });
});

test('a welcome whose answer was lost may have arrived: it is never sent again', async () => {
  platform.loseAnswer('sendWelcome');
  await added();
  await world.jobs.drain();
  await sendWelcome(world.deps, codeHash);
  expect(platform.welcomes).toHaveLength(1);
  expect(await welcome()).toMatchObject({ state: 'unknown' });
});

test('a process that is killed while it sends leaves a welcome that is never sent again', async () => {
  await added();
  await world.deps.db.welcome.update({ where: { codeHash }, data: { state: 'sending' } });
  await sendWelcome(world.deps, codeHash);
  await sendWelcome(world.deps, codeHash);
  expect(platform.called('sendWelcome')).toEqual([]);
  expect(await welcome()).toMatchObject({ state: 'unknown', lastError: 'cut off' });
});

test.each<PlatformErrorKind>(['rate_limited', 'unavailable'])(
  'a welcome that did not get through (%s) is tried again while it is in time',
  async (kind) => {
    platform.fail('sendWelcome', kind, { retryAfterMs: 1000 });
    await added();
    await expect(sendWelcome(world.deps, codeHash)).rejects.toThrow(kind);
    await sendWelcome(world.deps, codeHash);
    expect(platform.welcomes).toHaveLength(1);
    expect(await welcome()).toMatchObject({ state: 'sent' });
  },
);

test('a name that cannot be had in time is left out', async () => {
  await world.deps.db.contact.deleteMany();
  platform.fail('getContact', 'unavailable', { times: 2 });
  await expect(added()).rejects.toThrow('unavailable');
  await world.jobs.drain();
  expect(platform.welcomes).toEqual([{ code: 'code', text: '您好，我是林晓' }]);
});

test('what became of a welcome is forgotten long after, and not before', async () => {
  await added();
  await world.jobs.drain();
  const before = (at: string) => deleteWelcomes(world.deps.db, new Date(at));
  await before('2026-03-01T02:00:20.000Z');
  expect(await welcome()).toMatchObject({ state: 'sent' });
  await before('2026-03-01T02:00:21.000Z');
  expect(await world.deps.db.welcome.count()).toBe(0);
});

test('a company that switched welcomes off sends none', async () => {
  await saveSetting(world.deps.db, 'welcome', { enabled: false }, null);
  await added();
  await world.jobs.drain();
  expect(platform.called('sendWelcome')).toEqual([]);
});

test('a welcome never exceeds what the platform takes, and never ends in half a character', () => {
  const text = welcomeText('{member}', { member: '知'.repeat(2000), contact: '' }, 4000);
  expect(Buffer.byteLength(text)).toBe(3999);
  expect(text).toBe('知'.repeat(1333));
  expect(welcomeText('{contact}！{other}', { member: '', contact: '$&{member}' }, 4000)).toBe('$&{member}！{other}');
});

async function added(): Promise<void> {
  await tell(world.deps, 'wecom', {
    kind: 'contact_added',
    contact: 'chen',
    member: 'lin',
    half: false,
    welcomeCode: 'code',
    occurredAt: '2026-03-01T02:00:00.000Z',
  });
}

async function welcome() {
  return world.deps.db.welcome.findUniqueOrThrow({ where: { codeHash } });
}
