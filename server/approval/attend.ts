import { after, nothing, inTurn, type Approval, type Step } from './approval.ts';
import { escalate, lateSeats, replace } from './approval-seating.ts';
import { expire } from './approval-end.ts';
import { openSeats, type Seat } from './seat.ts';
import type { ApprovalPolicy } from './policy-api.ts';
import { actingFor, isActive, type Org } from './org.ts';
import { membersAbove } from './policy.ts';

/**
 * What the clock and the company do to an undecided approval: over when its time is; whoever acts for an absent member
 * takes the seat; a member who left is followed by those above, one who is late is joined by them.
 */
export function attend(approval: Approval, policy: Pick<ApprovalPolicy, 'fallback'>, org: Org, now: Date): Step {
  if (approval.state !== 'pending') return nothing;
  const end = expire(approval, now);
  if (end) return end;
  let done = nothing;
  for (const seat of openSeats(approval)) {
    const current = after(approval, done);
    const found = openSeats(current).find(({ memberId }) => memberId === seat.memberId);
    if (found) done = inTurn(done, attendSeat(current, found, policy, org, now));
  }
  return done;
}

function attendSeat(
  approval: Approval,
  seat: Seat,
  policy: Pick<ApprovalPolicy, 'fallback'>,
  org: Org,
  now: Date,
): Step {
  const above = () => membersAbove(policy, approval, seat, org);
  // Two who turned out to be one: nobody decides what they asked for themselves.
  if (seat.memberId === approval.requesterId) return replace(approval, seat, above(), 'transferred', now);
  const acting = actingFor(org, seat.memberId, approval.requesterId);
  const passed = acting === seat.memberId ? nothing : replace(approval, seat, [acting], 'delegate', now);
  if (passed.seats.length > 0) return passed;
  if (!isActive(org, seat.memberId)) return replace(approval, seat, above(), 'transferred', now);
  return lateSeats(approval, now).includes(seat) ? escalate(approval, seat, above(), now) : nothing;
}
