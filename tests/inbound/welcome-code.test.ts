import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeApp } from '#server/app.ts';
import { saveSetting } from '#server/base/setting.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import type { PlatformEvent } from '#server/platform/event.ts';
import { columnsHolding } from '#tests/support/columns-holding.ts';
import { makeMember, openSession, welcomeContacts } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { healthy } from '#tests/support/healthy.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const code = 'CALLBACK-welcome-code-QX7';
let site: Listening;

beforeAll(async () => {
  site = await listen(makeApp(world.deps, healthy));
});
afterAll(() => site.close());

beforeEach(async () => {
  platform.reset();
  platform.welcomeCodes.add(code);
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
  await makeMember(world.deps, { key: 'lin', name: '林晓' });
  await welcomeContacts(world.deps);
});

test('a welcome code that came with a callback opens its welcome and is readable in no table', async () => {
  await push(added());
  expect(await columnsHolding(world.deps.pool, code)).toEqual([]);
  await world.jobs.drain();
  expect(platform.welcomes).toMatchObject([{ code }]);
  expect(await columnsHolding(world.deps.pool, code)).toEqual([]);
});

test('what a member wrote to the app is readable in no table', async () => {
  const event = { kind: 'app_message', member: 'lin', messageKey: 'm1', type: 'text', text: code } as const;
  await push({ ...event, occurredAt: world.deps.now().toISOString() });
  expect(await world.deps.db.inboundEvent.count()).toBe(1);
  expect(await columnsHolding(world.deps.pool, code)).toEqual([]);
});

test('an add handled once more, at once or long after, welcomes nobody a second time', async () => {
  await push(added());
  await world.jobs.drain();
  for (const later of [1000, 60_000]) {
    world.clock.advance(later);
    await replay();
  }
  expect(platform.called('sendWelcome')).toHaveLength(1);
  expect(await world.deps.db.welcome.findMany()).toMatchObject([{ state: 'sent' }]);
  expect(await columnsHolding(world.deps.pool, code)).toEqual([]);
});

test('an add nobody was welcomed for, handled once more when the code has ended, is late and sends nothing', async () => {
  await saveSetting(world.deps.db, 'welcome', { enabled: false }, null);
  await push(added());
  await world.jobs.drain();
  await saveSetting(world.deps.db, 'welcome', { enabled: true }, null);
  world.clock.advance(21_000);
  await replay();
  expect(platform.called('sendWelcome')).toEqual([]);
  expect(await world.deps.db.welcome.findMany()).toMatchObject([{ state: 'late' }]);
});

test('an event sealed with another key is dead, with the reason, and holds up nobody', async () => {
  await push(added());
  const { event } = await world.deps.db.inboundEvent.findFirstOrThrow();
  await world.deps.db.inboundEvent.updateMany({ data: { event: { ...(event as object), welcomeCode: 'v1.AAAA' } } });
  await world.jobs.drain();
  expect(await world.deps.db.inboundEvent.findMany()).toMatchObject([{ state: 'dead', lastError: 'event.unreadable' }]);
});

const added = (): PlatformEvent => ({
  kind: 'contact_added',
  contact: 'chen',
  member: 'lin',
  half: false,
  welcomeCode: code,
  occurredAt: world.deps.now().toISOString(),
});

/** As the platform would, until it is stored and passed on. */
async function push(event: PlatformEvent): Promise<void> {
  const body = JSON.stringify({ event });
  const { status } = await fetch(`${site.url}/callbacks/wecom?signature=good`, { method: 'POST', body });
  expect(status).toBe(200);
  await site.settled();
}

async function replay(): Promise<void> {
  const { id } = await world.deps.db.inboundEvent.findFirstOrThrow();
  const admin = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
  const headers = { Cookie: `${SESSION_COOKIE}=${admin}`, Origin: world.deps.config.PUBLIC_URL };
  expect((await fetch(`${site.url}/api/inbound/${id}/replay`, { method: 'POST', headers })).status).toBe(200);
  await world.jobs.drain();
}
