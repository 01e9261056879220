import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinHoles, missingAfter, nextAttemptAfter } from '#server/conversation/archive-gap.ts';

test.each([
  ['nothing is missing', 4n, [5n, 6n, 7n], undefined, []],
  ['the first is missing', 4n, [6n, 7n], undefined, [{ from: 5n, to: 5n }]],
  ['some in the middle', 4n, [5n, 9n], undefined, [{ from: 6n, to: 8n }]],
  ['the end of a range', 4n, [5n], 7n, [{ from: 6n, to: 7n }]],
  ['all of a range', 4n, [], 7n, [{ from: 5n, to: 7n }]],
  ['a number twice is no gap', 4n, [5n, 5n, 6n], undefined, []],
])('%s', (_, after, seqs, upTo, ranges) => {
  expect(missingAfter(after, seqs, upTo)).toEqual(ranges);
});

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
test(`what is there and what is missing are together the whole range (seed ${seed})`, () => {
  const present = fc.uniqueArray(fc.bigInt({ min: 1n, max: 60n }), { maxLength: 40 });
  fc.assert(
    fc.property(present, (numbers) => {
      const seqs = numbers.sort((a, b) => Number(a - b));
      const missing = missingAfter(0n, seqs, 60n).flatMap(({ from, to }) =>
        Array.from({ length: Number(to - from) + 1 }, (_, n) => from + BigInt(n)),
      );
      expect([...seqs, ...missing].sort((a, b) => Number(a - b))).toEqual(
        Array.from({ length: 60 }, (_, n) => BigInt(n + 1)),
      );
    }),
    { seed },
  );
});

test('neighbours that lack for one reason are one gap', () => {
  expect(
    joinHoles([
      { from: 7n, to: 7n, reason: 'unreadable' },
      { from: 5n, to: 5n, reason: 'missing' },
      { from: 6n, to: 6n, reason: 'missing' },
      { from: 9n, to: 9n, reason: 'unreadable' },
    ]),
  ).toEqual([
    { from: 5n, to: 6n, reason: 'missing' },
    { from: 7n, to: 7n, reason: 'unreadable' },
    { from: 9n, to: 9n, reason: 'unreadable' },
  ]);
});

test('a gap is asked for ever more rarely, and given up after the days the archive keeps', () => {
  const now = new Date('2026-03-01T00:00:00.000Z');
  let at = now;
  let attempts = 0;
  for (let next = nextAttemptAfter(0, at); next; next = nextAttemptAfter(attempts, at)) {
    expect(next > at).toBe(true);
    at = next;
    attempts += 1;
  }
  expect(attempts).toBe(8);
  expect((at.getTime() - now.getTime()) / 86_400_000).toBeGreaterThan(3);
});
