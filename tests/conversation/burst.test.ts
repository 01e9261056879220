import { expect, test } from 'vitest';
import { quietDelay } from '#server/conversation/burst.ts';
import { seededRandom } from '#tests/support/random.ts';

const QUIET_MS = 30_000;
const start = Date.UTC(2026, 2, 1, 2);
const at = (seconds: number) => new Date(start + seconds * 1000);

/** How often a chat is summarised when each message is told of as it is said, and each summary runs when it is due. */
function callsOf(seconds: readonly number[], quietMs = QUIET_MS): number {
  let [calls, dueAt] = [0, Infinity];
  for (const [place, second] of seconds.entries()) {
    const now = at(second).getTime();
    if (dueAt <= now) [calls, dueAt] = [calls + 1, Infinity];
    const said = seconds.slice(0, place + 1).map(at);
    dueAt = now + quietDelay(said, new Date(now), quietMs);
  }
  return dueAt < Infinity ? calls + 1 : calls;
}

test('twenty messages in two minutes are one call, however they are spread', () => {
  const random = seededRandom();
  for (let round = 0; round < 300; round += 1) {
    const seconds = Array.from({ length: 20 }, (_, place) => place * 6 + random.below(6));
    expect(callsOf(seconds), `seed ${random.seed}`).toBe(1);
  }
});

test('two bursts with a pause between them are two calls', () => {
  expect(callsOf([0, 10, 20, 60, 70])).toBe(2);
});

test('who goes on writing is summarised every ten minutes at the latest', () => {
  const seconds = Array.from({ length: 181 }, (_, place) => place * 10);
  expect(callsOf(seconds)).toBe(4);
});

test('what was said long ago, or in a batch that comes late, waits for its batch only', () => {
  expect(quietDelay([at(0), at(5)], at(3600), QUIET_MS)).toBe(3000);
  expect(quietDelay([], at(0), QUIET_MS)).toBe(3000);
});

test('a clock that is ahead does not put a summary off for ever', () => {
  expect(quietDelay([at(86_400)], at(0), QUIET_MS)).toBe(QUIET_MS);
});
