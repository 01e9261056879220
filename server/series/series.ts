import type { Caller } from '#server/base/caller.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { Refusal, type Problem } from '#server/base/refusal.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import type { RunState, SeriesEntry, SeriesState, SeriesStep } from './series-api.ts';

/** Steps that follow when a contact comes into a segment or through a channel. */
export interface Series {
  id: string;
  name: string;
  state: SeriesState;
  entry: SeriesEntry;
  steps: SeriesStep[];
  endOnReply: boolean;
  ownerId: string;
  version: number;
  updatedAt: Date;
  startedAt: Date | null;
  sweptAt: Date | null;
  sweptVersion: number | null;
}
export type SeriesDraft = Pick<Series, 'name' | 'entry' | 'steps' | 'endOnReply'>;
export type SeriesChange = Partial<Omit<Series, 'id' | 'ownerId' | 'version' | 'updatedAt'>>;

export type LeftBecause = 'replied' | 'opted_out' | 'removed' | 'ended' | 'by_hand';

/** One contact on the way through a series, by the steps as they were when it came in. */
export interface Run {
  id: string;
  seriesId: string;
  contactId: string;
  memberId: string;
  state: RunState;
  steps: SeriesStep[];
  endOnReply: boolean;
  /** The next one, from 0. */
  step: number;
  enteredAt: Date;
  nextAt: Date | null;
  leftBecause: LeftBecause | null;
}
export type RunChange = Partial<Pick<Run, 'state' | 'step' | 'nextAt' | 'leftBecause' | 'memberId'>> & {
  pausedBy?: string | null;
  endedAt?: Date | null;
};

/** What should have been done longer ago than this is not done any more: it would come out of nowhere. */
export const LATE_MS = 3 * DAY_MS;

export const unknownSeries = () => new Refusal('series.unknown', 'There is no such series.', 404);
export const unknownRun = () =>
  new Refusal('series_run.unknown', 'Nobody you may see is on the way through a series here.', 404);

/** Whose it is, their leaders, and who looks after all of them. */
export function mustManage({ memberId, role, scope }: Caller, { ownerId }: Pick<Series, 'ownerId'>): void {
  const isForAll = role === 'admin' || role === 'marketing' || scope.all;
  if (isForAll || ownerId === memberId || scope.memberIds.includes(ownerId)) return;
  throw new Refusal('series.not_yours', 'Only its owner, their leaders, marketing and admins change a series.', 403);
}

/** Steps stand in the order of their time: who comes in goes from one to the next. */
export function orderProblems(steps: readonly SeriesStep[]): Problem[] {
  return steps.flatMap((step, at) => {
    const before = steps[at - 1];
    const isLate = before === undefined || minutesOf(before) <= minutesOf(step);
    return isLate ? [] : [{ path: `body.steps.${at}.afterDays`, message: 'This step comes before the one above it.' }];
  });
}

const minutesOf = ({ afterDays, at }: SeriesStep) => afterDays * 1440 + clockMinutes(at);

function clockMinutes(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

/** When a step is due of who came in at `enteredAt`; one whose time of that day is over is due at once. */
export function dueAt(step: SeriesStep, enteredAt: Date): Date {
  const at = instantOf(dayOf(enteredAt) + step.afterDays, clockMinutes(step.at));
  return at > enteredAt ? at : enteredAt;
}

/** When the step of this number is due; null when there is none. */
export function nextDue({ steps, enteredAt }: Pick<Run, 'steps' | 'enteredAt'>, step: number): Date | null {
  const next = steps[step];
  return next ? dueAt(next, enteredAt) : null;
}

const moves: Record<SeriesState, readonly SeriesState[]> = {
  draft: ['running', 'ended'],
  running: ['paused', 'ended'],
  paused: ['running', 'ended'],
  ended: [],
};

/**
 * Starting and resuming begin anew with who comes in: nobody who did before, or while it was paused. Null: it is so
 * already.
 */
export function move(series: Series, to: SeriesState, now: Date): SeriesChange | null {
  if (series.state === to) return null;
  if (!moves[series.state].includes(to))
    throw new Refusal('series.state', `A series that is ${series.state} cannot be ${to}.`, 409, {
      state: series.state,
    });
  return to === 'running' ? { state: to, ...beginning(now) } : { state: to };
}

/** Another way in lets in who comes from now on. */
export function edit(series: Series, draft: SeriesDraft & { version: number }, now: Date): SeriesChange {
  if (series.state === 'ended')
    throw new Refusal('series.state', 'A series that is ended cannot be changed.', 409, { state: series.state });
  if (series.version !== draft.version)
    throw new Refusal('series.stale', 'Someone changed this series meanwhile. Look at it and decide again.', 409, {
      version: series.version,
    });
  const { name, entry, steps, endOnReply } = draft;
  const isMoved = JSON.stringify(entry) !== JSON.stringify(series.entry);
  return { name, entry, steps, endOnReply, ...(isMoved && series.startedAt ? beginning(now) : {}) };
}

const beginning = (now: Date) => ({ startedAt: now, sweptAt: null, sweptVersion: null });

/** A person is put aside, goes on, or leaves. Null: it is so already. */
export function moveRun(run: Run, to: 'running' | 'paused' | 'left', memberId: string, now: Date): RunChange | null {
  if (run.state === to) return null;
  if (run.state === 'done' || run.state === 'left')
    throw new Refusal('series_run.over', 'This contact is no longer on the way through the series.', 409, {
      state: run.state,
    });
  switch (to) {
    case 'paused':
      return { state: 'paused', pausedBy: memberId };
    case 'running':
      return { state: 'running', pausedBy: null };
    case 'left':
      return left('by_hand', now);
  }
}

export function left(leftBecause: LeftBecause, now: Date): RunChange {
  return { state: 'left', leftBecause, nextAt: null, endedAt: now };
}

/** What a step needs to know when it is its turn. */
export interface Facts {
  isOptedOut: boolean;
  /** The member and the contact are connected. */
  isFollowed: boolean;
  /** The contact's last word to anybody here. */
  lastSaidAt: Date | null;
  /** When the step before was. */
  stepBeforeAt: Date | null;
}

export type Verdict =
  | { kind: 'leave'; because: LeftBecause }
  | { kind: 'skip'; reason: 'late' | 'replied' }
  | { kind: 'act'; step: SeriesStep };

/** What becomes of the step whose turn it is. */
export function verdictOf(run: Run, facts: Facts, now: Date): Verdict {
  const { isOptedOut, isFollowed, lastSaidAt, stepBeforeAt } = facts;
  const hasSaid = (since: Date) => lastSaidAt !== null && lastSaidAt > since;
  if (isOptedOut) return { kind: 'leave', because: 'opted_out' };
  if (!isFollowed) return { kind: 'leave', because: 'removed' };
  if (run.endOnReply && hasSaid(run.enteredAt)) return { kind: 'leave', because: 'replied' };
  const step = run.steps[run.step];
  if (!step) throw new Error('A run on its way has a next step.');
  const due = dueAt(step, run.enteredAt);
  if (now.getTime() - due.getTime() > LATE_MS) return { kind: 'skip', reason: 'late' };
  if (step.when === 'not_replied' && hasSaid(stepBeforeAt ?? run.enteredAt)) return { kind: 'skip', reason: 'replied' };
  return { kind: 'act', step };
}

/** After a step: the next one's turn, or the end. */
export function afterStep(run: Run, now: Date): RunChange {
  const step = run.step + 1;
  const nextAt = nextDue(run, step);
  return nextAt ? { step, nextAt } : { step, nextAt: null, state: 'done', endedAt: now };
}
