import { expect, test } from 'vitest';
import type { TransferResult } from '#server/platform/contact-transfer.ts';
import {
  backOff,
  isOfThisAsking,
  mayRetry,
  mayWithdraw,
  missing,
  outcomeOf,
  pollAt,
  settle,
} from '#server/handover/handover.ts';

const askedAt = new Date('2026-03-01T02:00:00Z');
const after = (minutes: number) => new Date(askedAt.getTime() + minutes * 60_000);
const result = (state: TransferResult['state'], at: Date | null = null): TransferResult => ({
  contact: 'wang',
  state,
  at,
});

test('the longer a contact is on the way, the more seldom is asked, and never less than every two hours', () => {
  const waits = [0, 1, 10, 60, 600, 6000].map(
    (minutes) => (pollAt(askedAt, null, after(minutes)).getTime() - after(minutes).getTime()) / 60_000,
  );
  expect(waits).toEqual([1, 1, 5, 30, 120, 120]);
});

test('a minute after the platform said it would be over it is asked again', () => {
  expect(pollAt(askedAt, after(1440), after(1400))).toEqual(after(1441));
  expect(pollAt(askedAt, after(1440), after(1442))).toEqual(after(1442 + 120));
});

test('a whole day of waiting takes fewer than twenty-five questions', () => {
  let questions = 0;
  for (let now = askedAt; now < after(1440); questions += 1) now = pollAt(askedAt, after(1440), now);
  expect(questions).toBeLessThan(25);
});

test('what the platform keeps no record of is given up after two days', () => {
  expect(missing({ askedAt }, after(60))).toEqual({ nextAttemptAt: after(90) });
  expect(missing({ askedAt }, after(48 * 60 + 1))).toEqual({ state: 'failed', reason: 'no_record' });
});

test.each([
  ['done', { state: 'done', doneAt: after(5) }],
  ['refused_by_contact', { state: 'kept', reason: 'refused_by_contact' }],
  ['full', { state: 'refused', reason: 'taker_full' }],
  ['waiting', { state: 'waiting' }],
] as const)('a contact the platform says is %s ends accordingly', (state, change) => {
  expect(settle(result(state, state === 'done' ? after(5) : null), { askedAt }, after(6))).toMatchObject(change);
});

test('what happened before it was asked for is not an answer to it', () => {
  expect(isOfThisAsking(result('done', after(-60)), { askedAt }, false)).toBe(false);
  expect(isOfThisAsking(result('done', after(1)), { askedAt }, true)).toBe(true);
  expect(isOfThisAsking(result('refused_by_contact'), { askedAt }, true)).toBe(false);
  expect(isOfThisAsking(result('refused_by_contact'), { askedAt }, false)).toBe(true);
  expect(isOfThisAsking(result('waiting', after(1440)), { askedAt }, true)).toBe(true);
});

test.each([
  [{ planned: 1, done: 5 }, null],
  [{ asking: 1 }, null],
  [{ waiting: 1, refused: 2 }, null],
  [{ done: 3 }, 'done'],
  [{ done: 3, kept: 1 }, 'partly'],
  [{ failed: 1 }, 'partly'],
  [{ refused: 1, kept: 1 }, 'partly'],
  [{ kept: 4 }, 'withdrawn'],
] as const)('of %o a hand-over is %s', (counts, outcome) => {
  expect(outcomeOf(counts)).toBe(outcome);
});

test('it is taken back while something can be, and tried again while something failed', () => {
  expect(mayWithdraw({ state: 'asked' }, {})).toBe(true);
  expect(mayWithdraw({ state: 'running' }, { waiting: 2 })).toBe(false);
  expect(mayWithdraw({ state: 'running' }, { waiting: 2, done: 1 })).toBe(true);
  expect(mayWithdraw({ state: 'done' }, { done: 1 })).toBe(false);
  expect(mayRetry({ state: 'partly' }, { refused: 1 })).toBe(true);
  expect(mayRetry({ state: 'partly' }, { kept: 1 })).toBe(false);
  expect(mayRetry({ state: 'withdrawn' }, { failed: 1 })).toBe(false);
});

test('trouble that passes is waited for longer each time, for an hour at most', () => {
  const minutes = [1, 2, 3, 10, 50].map(
    (attempts) => (backOff(attempts, askedAt).getTime() - askedAt.getTime()) / 60_000,
  );
  expect(minutes).toEqual([0.5, 1, 2, 60, 60]);
});
