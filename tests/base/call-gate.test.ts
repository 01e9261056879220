import { expect, test } from 'vitest';
import { callThrough, givePassBack, isShut, passGate, shut, shutMs, shutUntil } from '#server/base/call-gate.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const gate = { platform: 'wecom', call: 'sending' };
const MINUTE_MS = 60_000;

const tooMany = (retryAfterMs = 0) =>
  Promise.reject(new PlatformError('rate_limited', { platform: 'wecom', call: 'sending', retryAfterMs }));

test('calls of a kind leave freely until the platform has had too many; other kinds go on', async () => {
  expect(await callThrough(world.deps, gate, async () => 'sent')).toBe('sent');
  expect(await callThrough(world.deps, gate, () => tooMany())).toBe(shut);
  expect(await isShut(world.deps.db, gate, world.deps.now())).toBe(true);
  let asked = 0;
  expect(await callThrough(world.deps, gate, async () => (asked += 1))).toBe(shut);
  expect(asked).toBe(0);
  expect(await callThrough(world.deps, { ...gate, call: 'asking' }, async () => 'answered')).toBe('answered');
  expect(await callThrough(world.deps, { ...gate, platform: 'other' }, async () => 'answered')).toBe('answered');
});

test('of all who wait, one may try when the time is over; what it hears holds for all', async () => {
  await callThrough(world.deps, gate, () => tooMany());
  world.clock.advance(MINUTE_MS);
  const passes = await Promise.all(Array.from({ length: 8 }, () => passGate(world.deps.db, gate, world.deps.now())));
  expect(passes.filter((pass) => pass !== null)).toHaveLength(1);
  world.clock.advance(MINUTE_MS);
  expect(await callThrough(world.deps, gate, async () => 'sent')).toBe('sent');
  expect(await shutUntil(world.deps.db, 'wecom', ['sending'], world.deps.now())).toBeNull();
  expect(await callThrough(world.deps, gate, async () => 'sent')).toBe('sent');
});

test('whoever may try and then makes no call lets the next try at once', async () => {
  const { db, now } = world.deps;
  await callThrough(world.deps, gate, () => tooMany());
  world.clock.advance(MINUTE_MS);
  const pass = await passGate(db, gate, now());
  expect(await passGate(db, gate, now())).toBeNull();
  if (pass) await givePassBack(db, pass, now());
  expect(await callThrough(world.deps, gate, async () => 'sent')).toBe('sent');
  expect(await isShut(db, gate, now())).toBe(false);
});

test('it waits as long as the platform says, a minute at least, and longer the more often it says so in a row', async () => {
  expect([1, 2, 3, 4, 5, 9].map((strikes) => shutMs(strikes, 0) / MINUTE_MS)).toEqual([1, 1, 2, 4, 8, 15]);
  expect(shutMs(1, 60 * MINUTE_MS)).toBe(60 * MINUTE_MS);
  const waits: number[] = [];
  for (let strike = 0; strike < 5; strike++) {
    await callThrough(world.deps, gate, () => tooMany());
    const until = await shutUntil(world.deps.db, 'wecom', ['sending'], world.deps.now());
    waits.push(((until?.getTime() ?? 0) - world.deps.now().getTime()) / MINUTE_MS);
    world.clock.set(until ?? world.deps.now());
  }
  expect(waits).toEqual([1, 1, 2, 4, 8]);
});

test('calls that left before it shut neither open it nor make it wait longer', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const early = callThrough(world.deps, gate, () => promise);
  const late = callThrough(world.deps, gate, () => promise.then(() => tooMany(0)));
  await callThrough(world.deps, gate, () => tooMany());
  const until = await shutUntil(world.deps.db, 'wecom', ['sending'], world.deps.now());
  resolve('sent');
  expect(await early).toBe('sent');
  expect(await late).toBe(shut);
  expect(await shutUntil(world.deps.db, 'wecom', ['sending'], world.deps.now())).toEqual(until);
  expect(await world.deps.db.callGate.findMany()).toMatchObject([{ strikes: 1 }]);
});

test('a call that was understood opens it, whatever the answer; one without an answer does not', async () => {
  const fails = (kind: 'rejected' | 'unavailable') =>
    callThrough(world.deps, gate, () =>
      Promise.reject(new PlatformError(kind, { platform: 'wecom', call: 'sending' })),
    ).catch(() => kind);
  await callThrough(world.deps, gate, () => tooMany());
  world.clock.advance(MINUTE_MS);
  expect(await fails('unavailable')).toBe('unavailable');
  expect(await isShut(world.deps.db, gate, world.deps.now())).toBe(true);
  world.clock.advance(MINUTE_MS);
  expect(await fails('rejected')).toBe('rejected');
  expect(await isShut(world.deps.db, gate, world.deps.now())).toBe(false);
});
