import { MINUTE_MS } from '#server/base/duration.ts';

/** What comes in one batch, or after everything was said, waits this long for the rest of the batch. */
const BATCH_MS = 3000;
/** Who goes on for longer is summarised meanwhile. */
export const BURST_MS_MAX = 10 * MINUTE_MS;

/**
 * How long a conversation is left alone before it is summarised: until nobody has written for `quietMs`, so that a burst
 * of messages costs one call, but never longer than `BURST_MS_MAX` from where the burst began. `times` are of the latest
 * messages.
 */
export function quietDelay(times: readonly Date[], now: Date, quietMs: number): number {
  const sorted = times.map((at) => at.getTime()).sort((a, b) => b - a);
  const [newest] = sorted;
  if (newest === undefined) return BATCH_MS;
  const sinceNewest = Math.max(0, now.getTime() - newest);
  if (sinceNewest >= quietMs) return BATCH_MS;
  const pause = sorted.findIndex((at, place) => at - (sorted[place + 1] ?? -Infinity) > quietMs);
  const age = Math.max(0, now.getTime() - (sorted[pause] ?? newest));
  return Math.max(BATCH_MS, Math.min(quietMs - sinceNewest, BURST_MS_MAX - (age % BURST_MS_MAX)));
}
