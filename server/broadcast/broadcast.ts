import type { Caller } from '#server/base/caller.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { Day } from '#server/base/shanghai.ts';
import type { SegmentRule } from '#server/segment/segment-api.ts';
import type { Audience, BroadcastContent, BroadcastState, PlanCounts } from './broadcast-api.ts';
import type { FrozenContent } from './broadcast-hash.ts';

/** One message, or several variants of it, to the contacts of a segment. */
export interface Broadcast {
  id: string;
  name: string;
  platform: string;
  state: BroadcastState;
  pausedAt: Date | null;
  segmentId: string | null;
  rule: SegmentRule | null;
  segmentVersion: number | null;
  audience: Audience;
  content: BroadcastContent;
  sendAt: Date | null;
  ownerId: string;
  version: number;
  testedHash: string | null;
  testedAt: Date | null;
  planning: 'check' | 'freeze' | null;
  planVersion: number | null;
  planTotal: number | null;
  planDone: number;
  planAfter: string | null;
  planClaimedAt: Date | null;
  planError: string | null;
  plannedAt: Date | null;
  planCounts: PlanCounts | null;
  contentHash: string | null;
  recipientHash: string | null;
  frozenContent: FrozenContent | null;
  /** Days between which it may reach somebody, as reserved when it was frozen. */
  fromDay: Day | null;
  untilDay: Day | null;
  approvalId: string | null;
  submittedBy: string | null;
  submitReason: string | null;
  frozenAt: Date | null;
  approvedAt: Date | null;
  startedAt: Date | null;
  confirmBy: Date | null;
  finishedAt: Date | null;
  cancelledAt: Date | null;
  cancelledBy: string | null;
  cancelReason: string | null;
  resultsAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export type BroadcastChange = Partial<Omit<Broadcast, 'id' | 'createdAt' | 'updatedAt'>>;

/** Whole days an approval may take from the day it would leave on. */
export const APPROVAL_DAYS = 2;

/** Whose it is, and who looks after all of them. */
function mayManage({ memberId, role, scope }: Caller, { ownerId }: Pick<Broadcast, 'ownerId'>): boolean {
  if (role === 'admin' || role === 'marketing') return true;
  return ownerId === memberId || scope.all || scope.memberIds.includes(ownerId);
}

export function mustManage(caller: Caller, broadcast: Pick<Broadcast, 'ownerId'>): void {
  if (mayManage(caller, broadcast)) return;
  throw new Refusal(
    'broadcast.not_yours',
    'Only its owner, their leaders, marketing and admins change a broadcast. Make a copy of your own.',
    403,
  );
}

export function mustBe({ state }: Pick<Broadcast, 'state'>, states: readonly BroadcastState[], verb: string): void {
  if (states.includes(state)) return;
  throw new Refusal('broadcast.state', `A broadcast that is ${state} cannot be ${verb}.`, 409, { state });
}

export function mustBeSeen(broadcast: Pick<Broadcast, 'version'>, seen: number): void {
  if (broadcast.version !== seen) throw stale(broadcast);
}

export const stale = ({ version }: Pick<Broadcast, 'version'>) =>
  new Refusal('broadcast.stale', 'Someone changed this broadcast meanwhile. Look at it and decide again.', 409, {
    version,
  });

export const unknownBroadcast = () => new Refusal('broadcast.unknown', 'There is no such broadcast.', 404);

/** What is sent, to whom or when is another: the plan of before no longer holds. */
export function edit(
  broadcast: Broadcast,
  to: Pick<Broadcast, 'name' | 'audience' | 'content' | 'sendAt'> & { version: number },
): BroadcastChange {
  mustBe(broadcast, ['draft'], 'changed');
  const { version, ...change } = to;
  mustBeSeen(broadcast, version);
  return { ...change, ...noPlanning, version: broadcast.version + 1, segmentId: to.audience.segmentId };
}

const noPlanning = { planning: null, planTotal: null, planDone: 0, planAfter: null, planError: null } as const;

/** Works out, from the start, who would be sent it as it is now. */
export function check(broadcast: Broadcast): BroadcastChange {
  mustBe(broadcast, ['draft'], 'checked');
  return { ...noPlanning, planning: 'check', planVersion: broadcast.version };
}

/** Whether what was worked out is of what stands there now. */
export function isFresh(
  { version, planVersion, segmentVersion }: Broadcast,
  segment: { version: number } | null,
): boolean {
  return planVersion === version && segmentVersion === segment?.version;
}

/** From here on nothing of it changes until it is a draft again. */
export function submit(
  broadcast: Broadcast,
  by: { memberId: string; reason: string; version: number },
  frozen: { fromDay: Day; untilDay: Day; contentHash: string; frozenContent: FrozenContent },
  now: Date,
): BroadcastChange {
  mustBe(broadcast, ['draft'], 'submitted');
  mustBeSeen(broadcast, by.version);
  const version = broadcast.version + 1;
  return {
    ...noPlanning,
    ...frozen,
    recipientHash: null,
    state: 'freezing',
    planning: 'freeze',
    version,
    planVersion: version,
    submittedBy: by.memberId,
    submitReason: by.reason,
    frozenAt: now,
    approvalId: null,
    approvedAt: null,
  };
}

/** Everybody is worked out. `frozen` is what a freeze asks approval of. */
export function planned(
  broadcast: Broadcast,
  planCounts: PlanCounts,
  frozen: { recipientHash: string; approvalId: string } | null,
  now: Date,
): BroadcastChange {
  const change = { ...noPlanning, planCounts, plannedAt: now };
  if (!frozen) return change;
  mustBe(broadcast, ['freezing'], 'frozen');
  return { ...change, ...frozen, state: 'awaiting_approval' };
}

/** It cannot be worked out, and the code of why; what was frozen is so no more. `planning` says what it was about. */
export function planFailed(broadcast: Broadcast, planError: string): BroadcastChange {
  const back = broadcast.state === 'freezing' ? backToDraft(broadcast) : {};
  return { ...back, ...noPlanning, planning: broadcast.planning, planError };
}

/** What was frozen is let go of: it was withdrawn, or its approval ended otherwise. */
export function backToDraft(broadcast: Broadcast): BroadcastChange {
  if (!mayBeTakenBack(broadcast)) mustBe(broadcast, [], 'taken back');
  return {
    ...noPlanning,
    state: 'draft',
    pausedAt: null,
    approvalId: null,
    contentHash: null,
    recipientHash: null,
    frozenContent: null,
    fromDay: null,
    untilDay: null,
    frozenAt: null,
    approvedAt: null,
  };
}

/** As long as no call has left. */
function mayBeTakenBack({ state }: Pick<Broadcast, 'state'>): boolean {
  return state === 'freezing' || state === 'awaiting_approval' || state === 'scheduled';
}

interface Hashes {
  contentHash: string | null;
  recipientHash: string | null;
}

/** Whoever could approve it did, of exactly what stands there, and in time. */
export function release(broadcast: Broadcast, approved: Hashes, found: Hashes, today: Day, now: Date): BroadcastChange {
  mustBe(broadcast, ['awaiting_approval'], 'released');
  for (const hashes of [broadcast, found]) {
    if (approved.contentHash === hashes.contentHash && approved.recipientHash === hashes.recipientHash) continue;
    throw changedSince();
  }
  if (broadcast.fromDay === null || today > broadcast.fromDay + APPROVAL_DAYS)
    throw new Refusal(
      'broadcast.too_late',
      `It was approved more than ${APPROVAL_DAYS} days after it was to leave. Submit it again.`,
      409,
    );
  return { state: 'scheduled', approvedAt: now };
}

export const changedSince = () =>
  new Refusal('broadcast.changed', 'It is no longer what was approved. Submit it again.', 409);

/** The first call is about to leave: there is no way back to a draft from here. */
export function startSending(broadcast: Broadcast, until: { confirmBy: Date }, now: Date): BroadcastChange {
  mustBe(broadcast, ['scheduled'], 'sent');
  return { state: 'sending', startedAt: now, confirmBy: until.confirmBy };
}

/** Every call has left, or never will. */
export function allSent(broadcast: Broadcast): BroadcastChange {
  mustBe(broadcast, ['sending'], 'followed');
  return { state: 'running', pausedAt: null };
}

export function finish(broadcast: Broadcast, now: Date): BroadcastChange {
  mustBe(broadcast, ['running'], 'finished');
  return { state: 'finished', finishedAt: now };
}

export function pause(broadcast: Broadcast, now: Date): BroadcastChange {
  mustBe(broadcast, pausable, 'paused');
  return { pausedAt: broadcast.pausedAt ?? now };
}

export function resume(broadcast: Broadcast): BroadcastChange {
  mustBe(broadcast, pausable, 'resumed');
  return { pausedAt: null };
}

const pausable: readonly BroadcastState[] = ['awaiting_approval', 'scheduled', 'sending'];

/** A draft is removed instead. What was sent stays sent. */
export function cancel(broadcast: Broadcast, by: { memberId: string; reason: string }, now: Date): BroadcastChange {
  mustBe(broadcast, cancellable, 'cancelled');
  return {
    ...noPlanning,
    state: 'cancelled',
    pausedAt: null,
    cancelledAt: now,
    cancelledBy: by.memberId,
    cancelReason: by.reason,
  };
}

const cancellable: readonly BroadcastState[] = ['freezing', 'awaiting_approval', 'scheduled', 'sending', 'running'];

/** What the caller may do with it now. Whether a draft is ready to be submitted, its checks say. */
export function mayOf(caller: Caller, broadcast: Pick<Broadcast, 'ownerId' | 'state' | 'pausedAt'>, waits: boolean) {
  const mine = mayManage(caller, broadcast);
  const { state, pausedAt } = broadcast;
  return {
    edit: mine && state === 'draft',
    submit: mine && state === 'draft',
    withdraw: mine && mayBeTakenBack(broadcast),
    pause: mine && pausable.includes(state) && pausedAt === null,
    resume: mine && pausable.includes(state) && pausedAt !== null,
    cancel: mine && cancellable.includes(state),
    /** `waits`: a member has been asked and has not confirmed. */
    remind: mine && waits && (state === 'sending' || state === 'running'),
  };
}
