import type pg from 'pg';
import { migrate } from '#prisma/migrate.ts';
import { readConfig, type Config } from '#server/base/config.ts';
import { openDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { startEmbeddedPostgres } from '#server/base/embedded-postgres.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { localLive } from '#server/base/live.ts';
import { makeLog } from '#server/base/log.ts';
import { makeMetrics } from '#server/base/metrics.ts';
import { makeModel } from '#server/base/model.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { InlineJobs } from '#tests/support/inline-jobs.ts';

/** The product on a database of its own, with a clock that the evaluation moves. */
export interface EvalWorld {
  deps: Deps;
  jobs: InlineJobs;
  clock: { set(to: Date): void };
  close(): Promise<void>;
}

/** Monday morning in Shanghai. */
export const evalStart = new Date('2026-03-02T02:00:00.000Z');

export async function openEvalWorld(): Promise<EvalWorld> {
  const postgres = await startEmbeddedPostgres({ dataDir: freshFolder(), throwaway: true });
  await migrate(postgres.url);
  const open = openDatabase(postgres.url, () => {}, 8);
  let now = evalStart;
  const config = evalConfig({});
  const platform = new FakePlatform('wecom');
  const jobs = new InlineJobs();
  const deps: Deps = {
    db: open.db,
    pool: open.pool,
    jobs,
    live: localLive(),
    llm: {
      configured: false,
      ask: async () => ({ answer: null, outcome: 'off', runId: null }),
      noteDropped: async () => {},
    },
    platforms: listPlatforms([platform]),
    cipher: makeFieldCipher(config.SESSION_SECRET),
    config,
    metrics: makeMetrics(),
    log: makeLog(config.LOG_LEVEL),
    now: () => now,
  };
  platform.now = deps.now;
  jobs.bind(deps);
  return {
    deps,
    jobs,
    clock: { set: (to) => (now = to) },
    async close() {
      await open.close();
      await postgres.stop();
    },
  };
}

function evalConfig(env: Record<string, string>): Config {
  return readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    SESSION_SECRET: 'a secret of at least 32 characters for evaluating',
    PUBLIC_URL: 'http://zhike.test',
    LLM_DAILY_BUDGET_YUAN: '1000000',
    ...env,
  });
}

/** The same product, whose model answers at `url`. */
export function withModel(deps: Deps, url: string, env: Record<string, string> = {}): Deps {
  const config = evalConfig({ OPENAI_BASE_URL: url, OPENAI_API_KEY: 'key', OPENAI_MODEL: 'eval', ...env });
  const { db, cipher, metrics, log, now } = deps;
  return { ...deps, config, llm: makeModel({ config, db, cipher, metrics, log, now, retryPauseMs: 0 }) };
}

/** What every table holds, as one hash a table. */
export async function hashTables(pool: pg.Pool): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const hashes = new Map<string, string>();
  for (const { name } of rows) {
    const { rows: found } = await pool.query<{ hash: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') AS hash FROM "${name}" t`,
    );
    hashes.set(name, found[0]?.hash ?? '');
  }
  return hashes;
}
