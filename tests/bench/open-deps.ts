import { readConfig } from '#server/base/config.ts';
import { openDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { localLive } from '#server/base/live.ts';
import { makeLog } from '#server/base/log.ts';
import { makeMetrics } from '#server/base/metrics.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { sessionSecret } from './stage.ts';

/** What a use case needs, in a process that does nothing else: no queue, no model at an endpoint. */
export function openDeps(databaseUrl: string): { deps: Deps; close(): Promise<void> } {
  const open = openDatabase(databaseUrl, () => {});
  const config = readConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent', SESSION_SECRET: sessionSecret });
  const deps: Deps = {
    db: open.db,
    pool: open.pool,
    jobs: { add: async () => {}, addAll: async () => {} },
    live: localLive(),
    llm: {
      configured: false,
      ask: async () => ({ answer: null, outcome: 'off', runId: null }),
      noteDropped: async () => {},
    },
    platforms: listPlatforms([new FakePlatform('wecom')]),
    cipher: makeFieldCipher(config.SESSION_SECRET),
    config,
    metrics: makeMetrics(),
    log: makeLog(config.LOG_LEVEL),
    now: () => new Date(),
  };
  return { deps, close: () => open.close() };
}
