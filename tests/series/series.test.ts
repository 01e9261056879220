import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '#server/base/refusal.ts';
import {
  afterStep,
  dueAt,
  LATE_MS,
  move,
  moveRun,
  orderProblems,
  nextDue,
  verdictOf,
  type Facts,
  type Run,
} from '#server/series/series.ts';
import type { RunState, SeriesState, SeriesStep } from '#server/series/series-api.ts';

const notice = (afterDays: number, at = '09:30', when: 'always' | 'not_replied' = 'always'): SeriesStep => ({
  afterDays,
  at,
  when,
  action: { kind: 'notice', text: '看看' },
});
/** 2026-03-01 10:00 in Shanghai, a Sunday. */
const enteredAt = new Date('2026-03-01T02:00:00Z');
const runOf = (steps: SeriesStep[], more: Partial<Run> = {}): Run => ({
  id: 'run',
  seriesId: 'series',
  contactId: 'contact',
  memberId: 'member',
  state: 'running',
  steps,
  endOnReply: false,
  step: 0,
  enteredAt,
  nextAt: nextDue({ steps, enteredAt }, 0),
  leftBecause: null,
  ...more,
});
const calm: Facts = { isOptedOut: false, isFollowed: true, lastSaidAt: null, stepBeforeAt: null };
const at = (iso: string) => new Date(iso);

describe('when a step is due', () => {
  test('so many days after the entry, at the company’s time of day, weekends too', () => {
    expect(dueAt(notice(6, '18:00'), enteredAt)).toEqual(at('2026-03-07T10:00:00Z'));
    expect(dueAt(notice(0, '23:59'), enteredAt)).toEqual(at('2026-03-01T15:59:00Z'));
  });

  test('on the day of the entry, when that time is over, at once', () => {
    expect(dueAt(notice(0, '09:30'), enteredAt)).toEqual(enteredAt);
  });
});

describe('whose turn it is', () => {
  const run = runOf([notice(1, '09:30', 'not_replied'), notice(3, '09:30', 'not_replied')]);
  const due = at('2026-03-02T01:30:00Z');

  test.each([
    { name: 'nothing happened', facts: calm, now: due, verdict: { kind: 'act', step: run.steps[0] } },
    {
      name: 'they wrote',
      facts: { ...calm, lastSaidAt: at('2026-03-01T05:00:00Z') },
      now: due,
      verdict: { kind: 'skip', reason: 'replied' },
    },
    {
      name: 'they unsubscribed',
      facts: { ...calm, isOptedOut: true },
      now: due,
      verdict: { kind: 'leave', because: 'opted_out' },
    },
    {
      name: 'they are gone',
      facts: { ...calm, isFollowed: false },
      now: due,
      verdict: { kind: 'leave', because: 'removed' },
    },
    {
      name: 'three days passed to the minute',
      facts: calm,
      now: new Date(due.getTime() + LATE_MS),
      verdict: { kind: 'act', step: run.steps[0] },
    },
    {
      name: 'more than three days passed',
      facts: calm,
      now: new Date(due.getTime() + LATE_MS + 1),
      verdict: { kind: 'skip', reason: 'late' },
    },
  ])('$name', ({ facts, now, verdict }) => {
    expect(verdictOf(run, facts, now)).toEqual(verdict);
  });

  test('of a later step, an answer counts that came after the step before', () => {
    const second = runOf(run.steps, { step: 1 });
    const now = at('2026-03-04T01:30:00Z');
    const before = { ...calm, lastSaidAt: at('2026-03-01T05:00:00Z'), stepBeforeAt: due };
    expect(verdictOf(second, before, now).kind).toBe('act');
    const after = { ...before, lastSaidAt: at('2026-03-02T05:00:00Z') };
    expect(verdictOf(second, after, now)).toEqual({ kind: 'skip', reason: 'replied' });
  });

  test('who leaves on a reply leaves, whenever they wrote', () => {
    const ends = runOf(run.steps, { step: 1, endOnReply: true });
    const facts = { ...calm, lastSaidAt: at('2026-03-01T05:00:00Z'), stepBeforeAt: due };
    expect(verdictOf(ends, facts, at('2026-03-04T01:30:00Z'))).toEqual({ kind: 'leave', because: 'replied' });
  });
});

const anyStep = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1439 }), fc.constantFrom('always', 'not_replied'))
  .map(([afterDays, minute, when]) => {
    const two = (value: number) => String(value).padStart(2, '0');
    return notice(afterDays, `${two(Math.floor(minute / 60))}:${two(minute % 60)}`, when as 'always');
  });
const inOrder = (steps: SeriesStep[]) =>
  steps.toSorted((a, b) => a.afterDays - b.afterDays || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));

test('whatever happens and whenever it is looked at, steps only go forward, each at most once, none before its time', () => {
  fc.assert(
    fc.property(
      fc.array(anyStep, { minLength: 1, maxLength: 8 }).map(inOrder),
      fc.array(
        fc.record({
          hours: fc.integer({ min: 0, max: 120 }),
          says: fc.boolean(),
          isOptedOut: fc.boolean(),
          pauses: fc.constantFrom('no', 'no', 'pause', 'resume'),
        }),
        { maxLength: 40 },
      ),
      fc.boolean(),
      (steps, moments, endOnReply) => {
        expect(orderProblems(steps)).toEqual([]);
        let run = runOf(steps, { endOnReply });
        let now = enteredAt;
        let facts = calm;
        const taken: { step: number; at: Date }[] = [];
        for (const { hours, says, isOptedOut, pauses } of moments) {
          now = new Date(now.getTime() + hours * 3_600_000);
          if (says) facts = { ...facts, lastSaidAt: now };
          if (isOptedOut && hours > 100) facts = { ...facts, isOptedOut: true };
          const isOver = run.state === 'done' || run.state === 'left';
          if (pauses !== 'no' && !isOver)
            run = { ...run, ...moveRun(run, pauses === 'pause' ? 'paused' : 'running', 'member', now) };
          while (run.state === 'running' && run.nextAt && run.nextAt <= now) {
            const verdict = verdictOf(run, { ...facts, stepBeforeAt: taken.at(-1)?.at ?? null }, now);
            if (verdict.kind === 'leave') run = { ...run, state: 'left', nextAt: null };
            else {
              taken.push({ step: run.step, at: now });
              run = { ...run, ...afterStep(run, now) };
            }
          }
        }
        expect(taken.map(({ step }) => step)).toEqual(taken.map((_, index) => index));
        for (const { step, at: when } of taken) expect(when >= dueAt(steps[step] ?? notice(0), enteredAt)).toBe(true);
        expect(run.state === 'done').toBe(taken.length === steps.length);
      },
    ),
    { numRuns: 300 },
  );
});

test('steps that are not in the order of their time are refused, with the place', () => {
  const places = (...steps: SeriesStep[]) => orderProblems(steps).map(({ path }) => path);
  expect(places(notice(1, '10:00'), notice(1, '09:00'))).toEqual(['body.steps.1.afterDays']);
  expect(places(notice(1, '10:00'), notice(1, '10:00'), notice(2, '00:00'))).toEqual([]);
});

test.each<[SeriesState, SeriesState, boolean]>([
  ['draft', 'running', true],
  ['draft', 'paused', false],
  ['running', 'paused', true],
  ['paused', 'running', true],
  ['running', 'ended', true],
  ['ended', 'running', false],
  ['ended', 'paused', false],
])('a series that is %s can be %s: %s', (from, to, may) => {
  const series = { state: from } as Parameters<typeof move>[0];
  expect(outcomeOf(() => move(series, to, enteredAt)?.state)).toBe(may ? to : 'series.state');
});

test.each<[RunState, 'running' | 'paused' | 'left', boolean]>([
  ['running', 'paused', true],
  ['paused', 'running', true],
  ['paused', 'left', true],
  ['done', 'running', false],
  ['left', 'running', false],
])('a person who is %s can be %s: %s', (state, to, may) => {
  const outcome = outcomeOf(() => moveRun(runOf([notice(1)], { state }), to, 'member', enteredAt)?.state);
  expect(outcome).toBe(may ? to : 'series_run.over');
});

/** What came of it, or why it was refused. */
function outcomeOf(work: () => string | undefined): string | undefined {
  try {
    return work();
  } catch (error) {
    return (error as Refusal).code;
  }
}
