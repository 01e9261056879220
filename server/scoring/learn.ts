import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MINUTE_MS } from '#server/base/duration.ts';
import type { Table } from '#server/learning/table.ts';
import type { Trained } from '#server/learning/train.ts';

/** Seconds to half a minute are usual; what takes longer is stuck. */
const LEARN_MS_MAX = 10 * MINUTE_MS;

export interface Learned {
  trained: Trained;
  /** Columns that know more than they should. */
  leaks: string[];
}

/** In a thread of its own. */
export async function learn(table: Table): Promise<Learned> {
  const worker = new Worker(new URL('learn-worker.ts', import.meta.url), { workerData: table });
  try {
    const [learned] = (await once(worker, 'message', { signal: AbortSignal.timeout(LEARN_MS_MAX) })) as [Learned];
    return learned;
  } finally {
    await worker.terminate();
  }
}
