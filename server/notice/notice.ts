import { MINUTE_MS } from '#server/base/duration.ts';

/** A reminder a day late is none. */
const WORTHLESS_AFTER_MS = 24 * 60 * MINUTE_MS;
/** No call takes this long: whoever was sending is gone, and whether it left is not known. */
export const SENDING_MAX_MS = 5 * MINUTE_MS;

export function isWorthless(notice: { createdAt: Date }, now: Date): boolean {
  return now.getTime() - notice.createdAt.getTime() > WORTHLESS_AFTER_MS;
}

/** Half a minute, doubling up to an hour. */
export function nextAttemptAfter(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(0.5 * 2 ** Math.max(attempts - 1, 0), 60) * MINUTE_MS);
}
