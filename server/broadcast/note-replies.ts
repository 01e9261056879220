import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { DAY_MS, MINUTE_MS } from '#server/base/duration.ts';
import { withLock } from '#server/base/lock.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { listStartedSince, markReplied, type Window } from './results-store.ts';

/** What was said in the window counts however late the chat archive brings it; after so long nothing comes any more. */
const LATE_DAYS = 7;
export const noteRepliesEveryMs = 5 * MINUTE_MS;

/** Clocks differ, and what is stored in a long transaction is seen long after its ids were made. */
const SLACK_MS = 15 * MINUTE_MS;
/** What was missed all the same is found when everything is looked at anew. */
const ANEW_MS = DAY_MS;

const KEY = 'broadcast.replies-noted';
const noted = z.object({ at: z.iso.datetime(), anewAt: z.iso.datetime() }).nullable().default(null);

/**
 * Who answered: the first word of a contact since the broadcast began, whether it was sent to them, did not reach them or
 * was held out. What was noted is noted again with the same result.
 */
export async function noteReplies(deps: Deps): Promise<void> {
  let isNews = false;
  await withLock(deps.pool, 'note-replies', async () => {
    const { windowDays } = await readBroadcastRules(deps.db);
    const now = deps.now();
    const last = await readSetting(deps.db, KEY, noted);
    const isAnew = !last || now.getTime() - Date.parse(last.anewAt) >= ANEW_MS;
    const since = isAnew ? null : new Date(Date.parse(last.at) - SLACK_MS);
    const oldest = new Date(now.getTime() - (windowDays + LATE_DAYS) * DAY_MS);
    for (const { id, startedAt } of await listStartedSince(deps.db, oldest)) {
      const { from, until } = windowOf(startedAt, windowDays);
      if (from && until && (await markReplied(deps.db, id, { from, until }, since)) > 0) isNews = true;
    }
    const at = now.toISOString();
    await saveSetting(deps.db, KEY, { at, anewAt: isAnew ? at : last.anewAt }, null);
  });
  if (isNews) announceBroadcasts(deps);
}

/** The same clock for those who were sent it and those who were not: the moment the first call left. */
export function windowOf(startedAt: Date | null, windowDays: number): Window {
  return { from: startedAt, until: startedAt && new Date(startedAt.getTime() + windowDays * DAY_MS) };
}
