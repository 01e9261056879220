import { expect, test } from 'vitest';
import { makeSharedToken } from '#server/base/shared-token.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const HOUR_MS = 3_600_000;

function oneProcess() {
  return makeSharedToken(world.deps.pool, world.deps.cipher, world.deps.now);
}

test('twenty callers in two processes cause one refresh', async () => {
  let refreshed = 0;
  const refresh = async () => ({ value: `token-${++refreshed}`, expiresInMs: 2 * HOUR_MS });
  const processes = [oneProcess(), oneProcess()];
  const values = await Promise.all(Array.from({ length: 20 }, (_, i) => processes[i % 2]?.('app', refresh)));
  expect(new Set(values)).toEqual(new Set(['token-1']));
});

test('a token the platform refused is replaced once, however many callers it was refused to', async () => {
  let refreshed = 0;
  const refresh = async () => ({ value: `token-${++refreshed}`, expiresInMs: 2 * HOUR_MS });
  const sharedToken = oneProcess();
  const bad = await sharedToken('app', refresh);
  const values = await Promise.all(Array.from({ length: 10 }, () => sharedToken('app', refresh, { isBad: bad })));
  expect(new Set(values)).toEqual(new Set(['token-2']));
});

test('a token is refreshed before it ends and is not readable in the database', async () => {
  let refreshed = 0;
  const refresh = async () => ({ value: `token-${++refreshed}`, expiresInMs: 2 * HOUR_MS });
  const sharedToken = oneProcess();
  await sharedToken('app', refresh);
  world.clock.advance(2 * HOUR_MS - 60_000);
  expect(await sharedToken('app', refresh)).toBe('token-2');
  expect(JSON.stringify(await world.deps.db.sharedToken.findMany())).not.toContain('token-2');
});

test('forty callers of a token that needs another token all get theirs: they do not use up the connections', async () => {
  const sharedToken = oneProcess();
  const token = () => sharedToken('app', async () => ({ value: 'token', expiresInMs: 2 * HOUR_MS }));
  const ticket = async () => ({ value: `ticket of ${await token()}`, expiresInMs: 2 * HOUR_MS });
  const values = await Promise.all(Array.from({ length: 40 }, () => sharedToken('ticket', ticket)));
  expect(new Set(values)).toEqual(new Set(['ticket of token']));
});
