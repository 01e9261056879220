import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { takeDueAttempts } from './summary-store.ts';

export const sweepEveryMs = MINUTE_MS;
const BATCH = 50;
/** Longer than an attempt may take. */
const LEASE_MS = 10 * MINUTE_MS;

/** Tries again what failed when its time has come, a few at a time: a model that comes back is not run over. */
export async function sweepSummaries(deps: Deps): Promise<void> {
  const conversationIds = await takeDueAttempts(deps.db, deps.now(), LEASE_MS, BATCH);
  await deps.jobs.addAll(
    'summarise-conversation',
    conversationIds.map((conversationId) => ({ payload: { conversationId }, options: { key: conversationId } })),
  );
}
