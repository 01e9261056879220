import { expect, test } from 'vitest';
import { nextAttemptAt, summaryStateOf } from '#server/summary/summary.ts';

const known = {
  modelConfigured: true,
  hasMessages: true,
  newestReadableId: 'b',
  summarisedUpToId: null,
  attempt: null,
} satisfies Parameters<typeof summaryStateOf>[0];

test.each([
  ['nothing was said', { hasMessages: false, newestReadableId: null }, 'empty'],
  ['no model is configured', { modelConfigured: false }, 'off'],
  ['no source is open to the model', { newestReadableId: null }, 'off'],
  ['nothing was tried yet', {}, 'pending'],
  ['a newer message came', { summarisedUpToId: 'a', attempt: { upToId: 'a', outcome: 'answered' } }, 'pending'],
  ['the newest message was read', { summarisedUpToId: 'b', attempt: { upToId: 'b', outcome: 'answered' } }, 'fresh'],
  ['the model was down', { summarisedUpToId: 'a', attempt: { upToId: 'b', outcome: 'unavailable' } }, 'unavailable'],
  ['only hello was said', { attempt: { upToId: 'b', outcome: 'only_greetings' } }, 'empty'],
  ['nothing can be read', { attempt: { upToId: 'b', outcome: 'nothing_to_read' } }, 'empty'],
  ['an admin switched it off', { attempt: { upToId: 'b', outcome: 'off' } }, 'off'],
  ['the answer was of no use', { attempt: { upToId: 'b', outcome: 'unusable' } }, 'unavailable'],
  ['a rep asked for it again', { summarisedUpToId: 'b', attempt: { upToId: 'b', outcome: null } }, 'pending'],
] as const)('when %s the summary is told as such', (_, more, state) => {
  expect(summaryStateOf({ ...known, ...more })).toBe(state);
});

test('a model that is down is asked again after one minute, then less and less often, never rarer than hourly', () => {
  const now = new Date('2026-03-01T02:00:00Z');
  const tomorrow = new Date('2026-03-01T16:00:00Z');
  const minutes = (failures: number) =>
    ((nextAttemptAt('unavailable', failures, now, tomorrow)?.getTime() ?? 0) - now.getTime()) / 60_000;
  expect([0, 1, 2, 5, 6, 50].map(minutes)).toEqual([1, 2, 4, 32, 60, 60]);
  expect(nextAttemptAt('refused_by_budget', 1, now, tomorrow)).toBe(tomorrow);
});

test('a model that answers nonsense is asked again a few times within hours, then not before something new is said', () => {
  const now = new Date('2026-03-01T02:00:00Z');
  const minutes = (failures: number) => {
    const at = nextAttemptAt('unusable', failures, now, now);
    return at && (at.getTime() - now.getTime()) / 60_000;
  };
  expect([0, 1, 2, 3, 4, 5, 50].map(minutes)).toEqual([10, 20, 40, 80, 160, null, null]);
});
