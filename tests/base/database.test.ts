import { expect, test } from 'vitest';
import { openDatabase, type OpenDatabase } from '#server/base/database.ts';
import { withLock } from '#server/base/lock.ts';
import { makeSharedToken } from '#server/base/shared-token.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

/** A process of its own: with its own connections, which the database then ends as in a restart. */
async function withOwnConnections(work: (open: OpenDatabase, lost: Error[]) => Promise<void>): Promise<void> {
  const lost: Error[] = [];
  const url = new URL(world.databaseUrl);
  url.searchParams.set('application_name', 'cut off');
  const open = openDatabase(url.href, (error) => lost.push(error), 4);
  try {
    await work(open, lost);
  } finally {
    await open.close();
  }
}

async function cutOff(): Promise<void> {
  await world.deps.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut off'`,
  );
}

test('a database that restarts while work holds a lock costs the work its lock, not the process its life', async () => {
  await withOwnConnections(async ({ pool }, lost) => {
    const work = withLock(pool, 'restart', async () => {
      await cutOff();
      await expect.poll(() => lost.length).toBeGreaterThan(0);
    });
    await expect(work).rejects.toThrow();
    expect(await withLock(pool, 'restart', async () => {})).toBe(true);
  });
});

test('a database that restarts while a token is fetched costs that call, and the next one gets its token', async () => {
  await withOwnConnections(async ({ pool }, lost) => {
    const sharedToken = makeSharedToken(pool, world.deps.cipher, world.deps.now);
    const fresh = { value: 'token', expiresInMs: 3_600_000 };
    const cut = sharedToken('app', async () => {
      await cutOff();
      await expect.poll(() => lost.length).toBeGreaterThan(0);
      return fresh;
    });
    await expect(cut).rejects.toThrow();
    expect(await sharedToken('app', async () => fresh)).toBe('token');
  });
});
