import { expect, test } from 'vitest';
import { z } from 'zod';
import { openSyncRun, runSync, type Sync } from '#server/inbound/run-sync.ts';
import { listSyncRuns } from '#server/inbound/sync-run-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

/** Walks ten pages of five records; `visited` keeps the pages in the order they were asked for. */
function pages(visited: number[], onPage: (page: number) => void = () => {}): Sync<{ page: number }> {
  return {
    platform: 'messenger',
    kind: 'contacts',
    cursor: z.object({ page: z.int() }),
    step: async (cursor) => {
      const page = cursor?.page ?? 0;
      onPage(page);
      visited.push(page);
      return { next: page < 9 ? { page: page + 1 } : null, done: 5, repaired: 1, total: 50 };
    },
  };
}

const failure = (kind: PlatformError['kind']) => new PlatformError(kind, { platform: 'messenger', call: '/list' });

test('a sync walks every page once and counts what it saw', async () => {
  const visited: number[] = [];
  const run = await runSync(world.deps, pages(visited));
  expect(visited).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(run).toMatchObject({ state: 'done', done: 50, total: 50, repaired: 10, lastError: null });
});

test.each(['unavailable', 'rate_limited'] as const)(
  'a sync that meets trouble that passes (%s) goes on where it stopped, as the same run',
  async (kind) => {
    const visited: number[] = [];
    let isTrouble = true;
    const sync = pages(visited, (page) => {
      if (page === 4 && isTrouble) throw failure(kind);
    });
    await expect(runSync(world.deps, sync)).rejects.toThrow(PlatformError);
    expect(await listSyncRuns(world.deps.db, 10)).toMatchObject([{ state: 'running', done: 20, cursor: { page: 4 } }]);
    isTrouble = false;
    expect(await runSync(world.deps, sync)).toMatchObject({ state: 'done', done: 50 });
    expect(visited).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await listSyncRuns(world.deps.db, 10)).toHaveLength(1);
  },
);

test('a sync whose place in the list the platform refuses fails with the reason and starts over', async () => {
  const visited: number[] = [];
  let isRefused = true;
  const sync = pages(visited, (page) => {
    if (page === 4 && isRefused) throw failure('rejected');
  });
  await expect(runSync(world.deps, sync)).rejects.toThrow(PlatformError);
  expect(await listSyncRuns(world.deps.db, 10)).toMatchObject([
    { state: 'failed', done: 0, lastError: 'messenger /list: rejected' },
  ]);
  isRefused = false;
  expect(await runSync(world.deps, sync)).toMatchObject({ state: 'done', done: 50, lastError: null });
  expect(visited).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a sync that failed the day before yesterday is not gone on with', async () => {
  const sync = pages([], (page) => {
    if (page === 4) throw new TypeError('a bug');
  });
  await expect(runSync(world.deps, sync)).rejects.toThrow(TypeError);
  const [failed] = await listSyncRuns(world.deps.db, 10);
  expect(failed).toMatchObject({ state: 'failed', lastError: 'An error on our side: see the log.' });
  world.clock.set(new Date(Date.now() + 48 * 3_600_000));
  expect((await openSyncRun(world.deps, 'messenger', 'contacts')).id).not.toBe(failed?.id);
});

test('two processes that start the same sync walk it once', async () => {
  const visited: number[] = [];
  const runs = await Promise.all([runSync(world.deps, pages(visited)), runSync(world.deps, pages(visited))]);
  expect(visited).toHaveLength(10);
  expect(runs.filter((run) => run === null)).toHaveLength(1);
  expect(await listSyncRuns(world.deps.db, 10)).toHaveLength(1);
});
