import type pg from 'pg';
import type { Platform } from '#server/platform/platform.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { FieldCipher } from './field-cipher.ts';
import type { Live } from './live.ts';
import type { Llm } from './llm.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Jobs } from './queue.ts';

/** What use cases work with; built once in main.ts (or by a test) and handed down as the first argument. */
export interface Deps {
  db: Database;
  /** The same database without the model, for hot statements; each use says what was measured. */
  pool: pg.Pool;
  jobs: Jobs;
  live: Live;
  llm: Llm;
  platforms: Platforms;
  cipher: FieldCipher;
  config: Config;
  metrics: Metrics;
  log: Log;
  now(): Date;
}

export interface Platforms {
  all: readonly Platform[];
  /** Throws Refusal `platform.unknown`. */
  get(name: string): Platform;
}
