import { healthy } from '#tests/support/healthy.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeApp } from '#server/app.ts';
import { strandOf } from '#server/inbound/inbound-event.ts';
import { openEvent } from '#server/inbound/inbound-store.ts';
import type { PlatformEvent } from '#server/platform/event.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { useWorld } from '#tests/support/world.ts';
import { added, edited, TestDeeds } from './test-deeds.ts';

const platform = new FakePlatform();
const deeds = new TestDeeds();
const world = useWorld({ platforms: [platform], env: { CALLBACK_BODY_BYTES_MAX: '2048' } });
let site: Listening;

beforeAll(async () => {
  site = await listen(makeApp(world.deps, healthy, deeds));
});
beforeEach(() => deeds.reset());
afterEach(() => site.settled());
afterAll(() => site.close());

const post = (body: BodyInit, query = 'signature=good', name = 'fake') =>
  fetch(`${site.url}/callbacks/${name}?${query}`, { method: 'POST', body });
const push = (event: PlatformEvent, salt = '') => post(JSON.stringify({ event, salt }));
const rows = () => world.deps.db.inboundEvent.findMany({ orderBy: { id: 'asc' } });
const counted = async (outcome: string) => {
  const { values } = await world.deps.metrics.callbacks.get();
  return values.find(({ labels }) => labels.platform === 'fake' && labels.outcome === outcome)?.value ?? 0;
};
async function refusal(answer: Response): Promise<unknown> {
  const { error } = (await answer.json()) as { error: { code: string } };
  return [answer.status, error.code];
}

test('an event is stored before it is acknowledged, and the queue is told', async () => {
  const answer = await push(edited('wang', 1));
  expect([answer.status, await answer.text()]).toEqual([200, 'success']);
  expect(await rows()).toMatchObject([
    { platform: 'fake', kind: 'contact_edited', subject: 'contact:wang', state: 'waiting', attempts: 0 },
  ]);
  await expect
    .poll(() => world.jobs.waiting)
    .toMatchObject([{ name: 'handle-events', payload: { strand: strandOf('fake', 'contact:wang') } }]);
});

test('an event delivered again, even at the same moment, is acknowledged and stored once', async () => {
  const before = await counted('duplicate');
  const answers = await Promise.all(Array.from({ length: 20 }, () => push(edited('wang', 1))));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(await rows()).toHaveLength(1);
  expect((await counted('duplicate')) - before).toBe(19);
});

test('two events that differ in anything are two events', async () => {
  await Promise.all([
    push(edited('wang', 1)),
    push(edited('wang', 2)),
    push(edited('li', 1)),
    push(edited('li', 1), 'x'),
  ]);
  expect(await rows()).toHaveLength(4);
});

test('an event nothing here answers to is stored as ignored and acknowledged, and nobody is told', async () => {
  const answer = await push({ kind: 'unknown', name: 'something.new', occurredAt: '2026-03-01T01:00:00.000Z' });
  expect(answer.status).toBe(200);
  expect(await rows()).toMatchObject([{ state: 'ignored', subject: 'unknown:something.new' }]);
  expect(world.jobs.waiting).toEqual([]);
});

test('characters the database cannot keep cost the character, not the event', async () => {
  const event = { ...edited('wang'), kind: 'app_message', messageKey: 'm', type: 'text' } as PlatformEvent;
  const text = 'a\u0000b\uD800c\\u0000';
  expect((await push({ ...event, text } as PlatformEvent)).status).toBe(200);
  const [row] = await rows();
  expect(openEvent(world.deps.cipher, row?.event)).toMatchObject({ text: 'a\uFFFDb\uFFFDc\\u0000' });
});

test.each([
  ['a forged signature', () => post('{}', 'signature=bad'), [401, 'callback.signature'], 'signature'],
  ['no signature', () => post('{}', ''), [401, 'callback.signature'], 'signature'],
  [
    'a signature given twice',
    () => post('{}', 'signature=good&signature=good'),
    [401, 'callback.signature'],
    'signature',
  ],
  ['a body that is no event', () => post('<'), [400, 'callback.malformed'], 'malformed'],
  ['a body over the limit', () => post('x'.repeat(2049)), [413, 'callback.too_large'], 'too_large'],
])('%s is refused and counted, and changes nothing', async (_, send, expected, outcome) => {
  const before = await counted(outcome);
  expect(await refusal(await send())).toEqual(expected);
  expect((await counted(outcome)) - before).toBe(1);
  expect(await rows()).toEqual([]);
});

test('a body far over the limit, of a length nobody said, is answered and does not stop the next callback', async () => {
  const chunk = new Uint8Array(65_536);
  let chunks = 0;
  const body = new ReadableStream({
    pull: (controller) => (chunks++ < 64 ? controller.enqueue(chunk) : controller.close()),
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  expect(await refusal(await fetch(`${site.url}/callbacks/fake?signature=good`, init))).toEqual([
    413,
    'callback.too_large',
  ]);
  expect((await push(edited('wang'))).status).toBe(200);
});

test('a platform this deployment is not connected to is 404', async () => {
  expect(await refusal(await post('{}', 'signature=good', 'elsewhere'))).toEqual([404, 'platform.unknown']);
});

test('a check of the address is answered with what the platform wants to read', async () => {
  const answer = await fetch(`${site.url}/callbacks/fake?signature=good&echo=123`);
  expect([answer.status, await answer.text()]).toEqual([200, '123']);
  expect(await rows()).toEqual([]);
});

test('an event that cannot be stored is not acknowledged, so that the platform sends it again', async () => {
  await world.deps.pool.query('ALTER TABLE "InboundEvent" RENAME TO "Away"');
  try {
    expect(await refusal(await push(edited('wang')))).toEqual([503, 'callback.not_stored']);
  } finally {
    await world.deps.pool.query('ALTER TABLE "Away" RENAME TO "InboundEvent"');
  }
  expect((await push(edited('wang'))).status).toBe(200);
  expect(await rows()).toHaveLength(1);
});

test('an event the database cannot keep costs no other event its acknowledgement', async () => {
  const timeless = { ...edited('li'), occurredAt: '0000-01-01T00:00:00.000Z' } as PlatformEvent;
  const events = Array.from({ length: 30 }, (_, second) => edited('wang', second)).toSpliced(15, 0, timeless);
  const answers = await Promise.all(events.map((event) => push(event)));
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(30).fill(200).toSpliced(15, 0, 503));
  expect(await rows()).toHaveLength(30);
});

test('an event of which the queue cannot be told is acknowledged all the same', async () => {
  const { addAll } = world.jobs;
  world.jobs.addAll = () => Promise.reject(new Error('the queue is away'));
  try {
    expect((await push(edited('wang'))).status).toBe(200);
  } finally {
    world.jobs.addAll = addAll;
  }
  expect(await rows()).toHaveLength(1);
});

test('the urgent part of an event is done right after it is stored, while hundreds wait', async () => {
  await Promise.all(Array.from({ length: 500 }, (_, n) => push(edited(`contact${n}`))));
  await push(added('wang'));
  await expect.poll(() => deeds.hurried).toEqual([added('wang')]);
  expect(deeds.handled).toEqual([]);
  expect(await world.deps.db.inboundEvent.count({ where: { state: 'waiting' } })).toBe(501);
});
