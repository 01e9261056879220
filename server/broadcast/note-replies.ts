import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { listStartedSince, markReplied, type Window } from './results-store.ts';

const DAY_MS = 24 * 3_600_000;
/** What was said in the window counts however late the chat archive brings it; after so long nothing comes any more. */
const LATE_DAYS = 7;
export const noteRepliesEveryMs = 5 * 60_000;

/**
 * Who answered: the first word of a contact since the broadcast began, whether it was sent to them, did not reach them or
 * was held out. What was noted is noted again with the same result.
 */
export async function noteReplies(deps: Deps): Promise<void> {
  await withLock(deps.pool, 'note-replies', async () => {
    const { windowDays } = await readBroadcastRules(deps.db);
    const oldest = new Date(deps.now().getTime() - (windowDays + LATE_DAYS) * DAY_MS);
    for (const { id, startedAt } of await listStartedSince(deps.db, oldest)) {
      const { from, until } = windowOf(startedAt, windowDays);
      if (from && until) await markReplied(deps.db, id, { from, until });
    }
  });
}

/** The same clock for those who were sent it and those who were not: the moment the first call left. */
export function windowOf(startedAt: Date | null, windowDays: number): Window {
  return { from: startedAt, until: startedAt && new Date(startedAt.getTime() + windowDays * DAY_MS) };
}
