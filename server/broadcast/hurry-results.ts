import type { Deps } from '#server/base/deps.ts';
import { openStates } from './delivery.ts';
import { hurryDeliveries } from './delivery-store.ts';
import { syncSoon } from './nudge-broadcasts.ts';
import { getSent } from './results-store.ts';

/** However often somebody looks, the platform is asked this often. */
const FRESH_MS = 15_000;
/** Calls to the platform for one look. */
const DELIVERIES_MAX = 200;

/** Somebody looks at the results: what is older than a moment is asked for anew, and shown when it has come. */
export async function hurryResults(deps: Deps, id: string): Promise<void> {
  const { startedAt, finishedAt, resultsAt, platform } = await getSent(deps.db, id);
  const now = deps.now();
  if (!startedAt || (resultsAt && now.getTime() - resultsAt.getTime() < FRESH_MS)) return;
  await deps.jobs.add('note-replies', {}, { key: 'seen' });
  if (finishedAt) return;
  if (await hurryDeliveries(deps.db, id, openStates, { now, limit: DELIVERIES_MAX })) await syncSoon(deps, platform);
}
