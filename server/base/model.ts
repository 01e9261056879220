import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { Llm } from './llm.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** The configured model, or one that is always `off`. */
export function makeModel(_options: {
  config: Config;
  db: Database;
  metrics: Metrics;
  log: Log;
  now: () => Date;
}): Llm {
  return {
    configured: false,
    ask: async () => ({ answer: null, outcome: 'off', runId: null }),
    noteDropped: async () => {},
  };
}
