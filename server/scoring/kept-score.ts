import { DAY_MS } from '#server/base/duration.ts';

/** The change a score shows is that since a week before it. */
export const CHANGE_MS = 7 * DAY_MS;
/** All scores of so long are kept, whatever they say. */
export const KEPT_MS = 30 * DAY_MS;

/** Of what is older some is gone: what stands before such a score need not be what stood a week before it. */
export const isChangeKnown = (at: Date, now: Date): boolean => at.getTime() >= now.getTime() - KEPT_MS;
