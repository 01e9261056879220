import { healthy } from '#tests/support/healthy.ts';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeApp } from '#server/app.ts';
import type { Role } from '#server/base/caller.ts';
import { strandOf } from '#server/inbound/inbound-event.ts';
import { insertEvents } from '#server/inbound/inbound-store.ts';
import type { PlatformEvent } from '#server/platform/event.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { useWorld } from '#tests/support/world.ts';
import { edited, TestDeeds } from './test-deeds.ts';

const world = useWorld({ platforms: [new FakePlatform()] });
let site: Listening;
let cookie: string;

beforeAll(async () => {
  site = await listen(makeApp(world.deps, healthy, new TestDeeds()));
});
beforeEach(async () => {
  cookie = await login('admin');
});
afterAll(() => site.close());

async function login(role: Role): Promise<string> {
  return `zhike_session=${await openSession(world.deps, await makeMember(world.deps, { role }))}`;
}

async function ask(method: string, path: string, body?: unknown, as = cookie): Promise<[number, unknown]> {
  const headers = { Cookie: as, Origin: 'http://zhike.test', 'Content-Type': 'application/json' };
  const answer = await fetch(`${site.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [answer.status, await answer.json()];
}

async function stored(event: PlatformEvent, state: string, lastError: string | null = null): Promise<string> {
  const bodyHash = createHash('sha256').update(JSON.stringify(event)).digest('hex');
  const row = { platform: 'fake', bodyHash, event, state: 'waiting', receivedAt: world.deps.now() } as const;
  await insertEvents(world.deps.pool, world.deps.cipher, [row]);
  const [saved] = await world.deps.db.inboundEvent.updateManyAndReturn({
    where: { bodyHash: Buffer.from(bodyHash, 'hex') },
    data: { state, lastError, attempts: state === 'dead' ? 10 : 0 },
  });
  return String(saved?.id);
}

test('an admin sees what came, newest first, page by page, with counts by state', async () => {
  const dead = await stored(edited('wang', 1), 'dead', '/contact unavailable 7');
  await stored(edited('wang', 2), 'handled');
  const newest = await stored(edited('wang', 3), 'waiting');
  const counts = { waiting: 1, handled: 1, ignored: 0, dead: 1 };

  const [status, page] = await ask('GET', '/api/inbound?limit=2');
  expect([status, page]).toMatchObject([
    200,
    { counts, items: [{ id: newest, state: 'waiting' }, { state: 'handled' }] },
  ]);
  const { nextBefore } = page as { nextBefore: string };
  expect(await ask('GET', `/api/inbound?limit=2&before=${nextBefore}`)).toMatchObject([
    200,
    { nextBefore: null, items: [{ id: dead, attempts: 10, lastError: '/contact unavailable 7' }] },
  ]);
  expect(await ask('GET', '/api/inbound?state=dead&kind=contact_edited')).toMatchObject([
    200,
    { items: [{ id: dead }] },
  ]);
  expect(await ask('GET', '/api/inbound?kind=member_left')).toMatchObject([200, { items: [] }]);
});

test.each(['dead', 'handled', 'ignored'])(
  'an admin has a %s event handled once more, and that is on record',
  async (state) => {
    const id = await stored(edited('wang'), state, 'an old reason');
    expect(await ask('POST', `/api/inbound/${id}/replay`)).toMatchObject([200, { id, state: 'waiting', attempts: 0 }]);
    expect(world.jobs.waiting).toMatchObject([
      { name: 'handle-events', payload: { strand: strandOf('fake', 'contact:wang') } },
    ]);
    expect(await world.deps.db.auditEntry.findMany()).toMatchObject([
      { action: 'inbound.replayed', subject: `inbound:${id}` },
    ]);
  },
);

test('an event that does not exist cannot be handled once more', async () => {
  expect(await ask('POST', '/api/inbound/999999/replay')).toMatchObject([404, { error: { code: 'inbound.unknown' } }]);
});

test('every dead event is handled once more at one press, and no other', async () => {
  await stored(edited('wang', 1), 'dead');
  await stored(edited('wang', 2), 'dead');
  await stored(edited('li', 1), 'dead');
  await stored(edited('zhao', 1), 'handled');
  expect(await ask('POST', '/api/inbound/replay-dead')).toEqual([200, { replayed: 3 }]);
  const told = world.jobs.waiting.map(({ options }) => Number(options.key));
  expect(new Set(told)).toEqual(new Set(['contact:wang', 'contact:li'].map((subject) => strandOf('fake', subject))));
  expect(await world.deps.db.inboundEvent.count({ where: { state: 'waiting' } })).toBe(3);
});

test('an admin starts a sync once: asking again answers the run that is under way', async () => {
  const [status, run] = await ask('POST', '/api/sync-runs', { platform: 'fake', kind: 'contacts' });
  expect([status, run]).toMatchObject([202, { state: 'running', kind: 'contacts', done: 0, total: null }]);
  expect(await ask('POST', '/api/sync-runs', { platform: 'fake', kind: 'contacts' })).toEqual([202, run]);
  expect(await ask('GET', '/api/sync-runs')).toEqual([200, { items: [run] }]);
  expect(world.jobs.waiting.map(({ name }) => name)).toEqual(['sync-contacts']);
});

test('a sync of a platform that is not connected is refused', async () => {
  expect(await ask('POST', '/api/sync-runs', { platform: 'elsewhere', kind: 'tags' })).toMatchObject([
    404,
    { error: { code: 'platform.unknown' } },
  ]);
  expect(await world.deps.db.syncRun.count()).toBe(0);
});

test.each(['rep', 'manager', 'director', 'marketing'] as const)('a %s sees nothing of it', async (role) => {
  const as = await login(role);
  const statuses = [
    await ask('GET', '/api/inbound', undefined, as),
    await ask('POST', '/api/inbound/1/replay', undefined, as),
    await ask('POST', '/api/inbound/replay-dead', undefined, as),
    await ask('GET', '/api/sync-runs', undefined, as),
    await ask('POST', '/api/sync-runs', { platform: 'fake', kind: 'tags' }, as),
  ].map(([status]) => status);
  expect(statuses).toEqual([403, 403, 403, 403, 403]);
});

test('operations read how many events are in which state', async () => {
  await stored(edited('wang', 1), 'dead');
  await stored(edited('wang', 2), 'waiting');
  const text = await (await fetch(`${site.url}/metrics`)).text();
  expect(text).toContain('zhike_inbound_rows{state="dead"} 1');
  expect(text).toContain('zhike_inbound_rows{state="waiting"} 1');
});
