import { MINUTE_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { TransferResult } from '#server/platform/contact-transfer.ts';
import type { handoverStates, ItemReason, itemKinds, itemStates, KindCounts } from './handover-api.ts';

export type HandoverState = (typeof handoverStates)[number];
export type ItemKind = (typeof itemKinds)[number];
export type ItemState = (typeof itemStates)[number];

/** What one member hands over to others, as a whole. */
export interface Handover {
  id: string;
  fromMemberId: string;
  leaver: boolean;
  reason: string;
  message: string;
  state: HandoverState;
  approvalId: string | null;
  createdBy: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  version: number;
}

/** One thing that goes from the giver to a taker. */
export interface Item {
  id: string;
  handoverId: string;
  kind: ItemKind;
  subjectId: string;
  toMemberId: string;
  state: ItemState;
  code: string | null;
  reason: ItemReason | null;
  attempts: number;
  askedAt: Date | null;
  doneAt: Date | null;
  nextAttemptAt: Date;
}

export type ItemChange = Partial<
  Pick<Item, 'state' | 'code' | 'reason' | 'attempts' | 'askedAt' | 'doneAt' | 'nextAttemptAt'>
>;

/** Nothing more happens to it by itself. */
export const settledStates: readonly ItemState[] = ['done', 'refused', 'failed', 'kept'];
/** It may be tried once more when somebody asks for it. */
export const retriedStates: readonly ItemState[] = ['refused', 'failed'];

/** No call takes this long: what was asked then is to be found on the platform by now, or was never asked. */
export const LOOK_UP_AFTER_MS = 2 * MINUTE_MS;
const POLL_MS_MIN = MINUTE_MS;
const POLL_MS_MAX = 2 * 60 * MINUTE_MS;
/** A platform decides within a day; what it has no record of after two was lost there. */
const NO_RECORD_AFTER_MS = 48 * 60 * MINUTE_MS;

/** One that was rejected becomes a draft again. */
export const editedStates: readonly HandoverState[] = ['draft', 'rejected'];

export function mayWithdraw({ state }: Pick<Handover, 'state'>, counts: Partial<Record<ItemState, number>>): boolean {
  if (state === 'draft' || state === 'asked') return true;
  const left = (counts.planned ?? 0) + (counts.refused ?? 0) + (counts.failed ?? 0) + (counts.done ?? 0);
  return state === 'running' && left > 0;
}

export function mayRetry({ state }: Pick<Handover, 'state'>, counts: Partial<Record<ItemState, number>>): boolean {
  return (state === 'running' || state === 'partly') && retriedStates.some((one) => (counts[one] ?? 0) > 0);
}

export function mustBe(handover: Pick<Handover, 'state'>, states: readonly HandoverState[], verb: string): void {
  if (states.includes(handover.state)) return;
  throw new Refusal('handover.state', `A hand-over that is ${handover.state} cannot be ${verb}.`, 409, {
    state: handover.state,
  });
}

export function mustBeSeen(handover: Pick<Handover, 'version'>, version: number): void {
  if (handover.version === version) return;
  throw new Refusal('handover.stale', 'Someone changed this hand-over meanwhile. Look at it and decide again.', 409, {
    version: handover.version,
  });
}

export const unknownHandover = () =>
  new Refusal('handover.unknown', 'There is no such hand-over, or it is not of a member you may see.', 404);

export const outsideScope = () =>
  new Refusal('handover.member', 'Giver and takers must be members of your own departments.', 422);

export const giverTakes = () =>
  new Refusal('handover.giver_takes', 'Whoever hands over cannot take over. Choose another member.', 422);

export const nothingToGo = () =>
  new Refusal('handover.nothing', 'Nothing of this can go over now. Look at the reasons and change the plan.', 422);

/** Null while something is still under way. */
export function outcomeOf(counts: Partial<Record<ItemState, number>>): 'done' | 'partly' | 'withdrawn' | null {
  const count = (state: ItemState) => counts[state] ?? 0;
  if (count('planned') + count('asking') + count('waiting') > 0) return null;
  if (count('refused') + count('failed') + count('kept') === 0) return 'done';
  return count('done') + count('refused') + count('failed') > 0 ? 'partly' : 'withdrawn';
}

/** What the platform's answer about a contact makes of its item. */
export function settle(result: TransferResult, item: Pick<Item, 'askedAt'>, now: Date): ItemChange {
  switch (result.state) {
    case 'done':
      return { state: 'done', reason: null, code: null, doneAt: result.at ?? now };
    case 'refused_by_contact':
      return { state: 'kept', reason: 'refused_by_contact' };
    case 'full':
      return { state: 'refused', reason: 'taker_full' };
    case 'waiting':
      return { state: 'waiting', nextAttemptAt: pollAt(item.askedAt ?? now, result.at, now) };
    default:
      return result.state satisfies never;
  }
}

/** What the platform does not mention is asked for again, and given up after two days. */
export function missing(item: Pick<Item, 'askedAt'>, now: Date): ItemChange {
  const askedAt = item.askedAt ?? now;
  if (now.getTime() - askedAt.getTime() > NO_RECORD_AFTER_MS) return { state: 'failed', reason: 'no_record' };
  return { nextAttemptAt: pollAt(askedAt, null, now) };
}

/** The longer it waits the more seldom it is asked about; and a minute after the platform said it would be over. */
export function pollAt(askedAt: Date, expectedAt: Date | null, now: Date): Date {
  const waited = now.getTime() - askedAt.getTime();
  const next = now.getTime() + Math.min(Math.max(waited / 2, POLL_MS_MIN), POLL_MS_MAX);
  const expected = (expectedAt?.getTime() ?? 0) + MINUTE_MS;
  return new Date(expected > now.getTime() ? Math.min(next, expected) : next);
}

/**
 * Whether what the platform says is about this asking, and not about an earlier one between the same two. `asked before`:
 * whether there was one.
 */
export function isOfThisAsking(result: TransferResult, item: Pick<Item, 'askedAt'>, askedBefore: boolean): boolean {
  switch (result.state) {
    case 'waiting':
      return true;
    case 'done':
      // The platform counts whole seconds, and its clock is not ours.
      return result.at === null || result.at.getTime() > (item.askedAt?.getTime() ?? 0) - 5 * MINUTE_MS;
    case 'refused_by_contact':
    case 'full':
      return !askedBefore;
    default:
      return result.state satisfies never;
  }
}

/** After trouble that passes: half a minute, doubling up to an hour. */
export function backOff(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(0.5 * 2 ** Math.max(attempts - 1, 0), 60) * MINUTE_MS);
}

export const noCounts = (): KindCounts => ({ contact: 0, customer: 0, opportunity: 0, task: 0, approval: 0 });
