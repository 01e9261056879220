import { MINUTE_MS } from './duration.ts';

const FAILURES_MAX = 5;
const OPEN_MS = 30_000;
const PAUSE_MS_MAX = 10 * MINUTE_MS;

/** Stops asking someone who does not answer: after five failures in a row nobody asks for 30 s, then one asks for all. */
export interface Breaker {
  /** May this call leave? A yes in the half-open state is given once. */
  admits(): boolean;
  succeeded(): void;
  /** `retryAfterMs`: they said themselves for how long they do not want to be asked. */
  failed(retryAfterMs?: number): void;
}

export function makeBreaker(now: () => Date): Breaker {
  let failures = 0;
  let closedUntil = 0;
  return {
    admits() {
      const at = now().getTime();
      if (at < closedUntil) return false;
      // The one who asks now holds the door: if the answer never comes, the next may try after as long again.
      if (failures >= FAILURES_MAX) closedUntil = at + OPEN_MS;
      return true;
    },
    succeeded() {
      failures = 0;
      closedUntil = 0;
    },
    failed(retryAfterMs = 0) {
      failures += 1;
      const openMs = Math.max(failures >= FAILURES_MAX ? OPEN_MS : 0, Math.min(retryAfterMs, PAUSE_MS_MAX));
      if (openMs > 0) closedUntil = Math.max(closedUntil, now().getTime() + openMs);
    },
  };
}
