import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { SENDING_MAX_MS } from './notice.ts';
import { nudgeNotices } from './nudge-notices.ts';
import { deleteSettledNotices, giveUpOnSending, listWaitingNotices } from './notice-store.ts';

const BATCH = 500;
const NOTICE_KEPT_MS = 90 * DAY_MS;
export const sweepNoticesEveryMs = 30_000;

/** Nudges notices whose job got lost or whose last attempt certainly did not leave; the others stay unknown. */
export async function sweepNotices(deps: Deps): Promise<void> {
  const now = deps.now();
  const count = await giveUpOnSending(deps.db, new Date(now.getTime() - SENDING_MAX_MS));
  if (count > 0) deps.log.warn({ count }, 'notices may or may not have been sent');
  await deleteSettledNotices(deps.db, new Date(now.getTime() - NOTICE_KEPT_MS));
  await nudgeNotices(deps, await listWaitingNotices(deps.db, now, BATCH));
}
