import { ended, entry, type Approval, type Step } from './approval.ts';
import { onlyRequester } from './approval-refusal.ts';
import { isOverdue, mustBePending } from './approval-right.ts';
import { closing } from './seat.ts';

/** Only whoever asked takes it back. */
export function withdraw(approval: Approval, memberId: string, now: Date): Step {
  if (memberId !== approval.requesterId) throw onlyRequester(approval);
  return callOff(approval, memberId, now);
}

/** What it was asked for is off, by whoever may say so of that. */
export function callOff(approval: Approval, memberId: string, now: Date): Step {
  mustBePending(approval, now);
  return {
    change: ended(approval, 'withdrawn', null, now),
    seats: closing(approval, () => true),
    history: [entry(approval, now, memberId, 'withdrawn')],
  };
}

/** By the clock. Null when there is nothing to do. */
export function expire(approval: Approval, now: Date): Step | null {
  if (approval.state !== 'pending' || !isOverdue(approval, now)) return null;
  return {
    change: ended(approval, 'expired', null, now),
    seats: closing(approval, () => true),
    history: [entry(approval, now, null, 'expired')],
  };
}
