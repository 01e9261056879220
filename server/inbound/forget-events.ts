import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { deleteFinished } from './inbound-store.ts';

export const forgetEventsEveryMs = DAY_MS;
/** Long after any platform sends an event again, and long enough to look into what went wrong. Dead ones stay. */
const KEPT_MS = 30 * DAY_MS;
const BATCH = 5000;

/** What was done or ignored is of no use any more, and says who spoke with whom when. */
export async function forgetEvents({ pool, now }: Deps): Promise<void> {
  const before = new Date(now().getTime() - KEPT_MS);
  while ((await deleteFinished(pool, before, BATCH)) === BATCH);
}
