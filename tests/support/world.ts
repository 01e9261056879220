import { afterAll, beforeAll, beforeEach } from 'vitest';
import { readConfig, type Config } from '#server/base/config.ts';
import { openDatabase, type OpenDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { localLive } from '#server/base/live.ts';
import type { Llm } from '#server/base/llm.ts';
import { makeLog } from '#server/base/log.ts';
import { makeMetrics } from '#server/base/metrics.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import type { Platform } from '#server/platform/platform.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';
import { FakePlatform } from './fake-platform.ts';
import { InlineJobs } from './inline-jobs.ts';

/** Sunday morning in Shanghai; tests move it by `world.clock.set`. */
const START = new Date('2026-03-01T02:00:00.000Z');

export interface World {
  deps: Deps;
  jobs: InlineJobs;
  clock: { set(to: Date | string): void; advance(ms: number): void };
  databaseUrl: string;
}

export interface WorldOptions {
  platforms?: Platform[];
  llm?: Llm;
  env?: Record<string, string>;
}

/**
 * The product on a database of its own, for the tests of one file: real PostgreSQL, a clock that stands still, jobs that
 * wait in `world.jobs` until `world.jobs.drain()` runs them. Every table is emptied before each test.
 */
export function useWorld(options: WorldOptions = {}): World {
  const world = {} as World;
  let database: TestDatabase;
  let open: OpenDatabase;

  beforeAll(async () => {
    database = await cloneDatabase();
    open = openDatabase(database.url, () => {}, 8);
    let now = START;
    const config: Config = readConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      SESSION_SECRET: 'a secret of at least 32 characters for tests',
      PUBLIC_URL: 'http://zhike.test',
      ...options.env,
    });
    const jobs = new InlineJobs();
    const deps: Deps = {
      db: open.db,
      pool: open.pool,
      jobs,
      live: localLive(),
      llm: options.llm ?? silentModel,
      platforms: listPlatforms(options.platforms ?? []),
      cipher: makeFieldCipher(config.SESSION_SECRET),
      config,
      metrics: makeMetrics(),
      log: makeLog(config.LOG_LEVEL),
      now: () => now,
    };
    jobs.bind(deps);
    for (const platform of options.platforms ?? []) if (platform instanceof FakePlatform) platform.now = deps.now;
    Object.assign(world, {
      deps,
      jobs,
      databaseUrl: database.url,
      clock: {
        set: (to: Date | string) => (now = new Date(to)),
        advance: (ms: number) => (now = new Date(now.getTime() + ms)),
      },
    });
  });

  beforeEach(async () => {
    world.clock.set(START);
    world.jobs.clear();
    await emptyTables(open);
  });

  afterAll(async () => {
    await open.close();
    await database.drop();
  });

  return world;
}

const silentModel: Llm = {
  configured: false,
  ask: async () => ({ answer: null, outcome: 'off', runId: null }),
  noteDropped: async () => {},
};

async function emptyTables({ pool }: OpenDatabase): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
  );
  // Faster than TRUNCATE on small tables; replica mode lifts the order foreign keys would ask for.
  await pool.query(
    `SET session_replication_role = replica; ${rows.map(({ name }) => `DELETE FROM ${name};`).join(' ')} SET session_replication_role = origin;`,
  );
}
