const FAILURES_MAX = 5;
const OPEN_MS = 30_000;

/** Stops asking someone who does not answer: after five failures in a row nobody asks for 30 s, then one asks for all. */
export interface Breaker {
  /** May this call leave? A yes in the half-open state is given once. */
  admits(): boolean;
  succeeded(): void;
  failed(): void;
}

export function makeBreaker(now: () => Date): Breaker {
  let failures = 0;
  let closedUntil = 0;
  return {
    admits() {
      if (failures < FAILURES_MAX) return true;
      if (now().getTime() < closedUntil) return false;
      // The one who asks now holds the door: if the answer never comes, the next may try after as long again.
      closedUntil = now().getTime() + OPEN_MS;
      return true;
    },
    succeeded() {
      failures = 0;
    },
    failed() {
      failures += 1;
      if (failures >= FAILURES_MAX) closedUntil = now().getTime() + OPEN_MS;
    },
  };
}
