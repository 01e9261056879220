import { MINUTE_MS } from '#server/base/duration.ts';
import type { Approval } from './approval.ts';
import type { ApprovalView } from './approval-api.ts';
import {
  alreadyDecided,
  changedSinceRead,
  expired,
  inForm,
  notAsked,
  ownRequest,
  withdrawn,
} from './approval-refusal.ts';
import { openSeats, ownSeat, type Seat } from './seat.ts';

/** What this member may do with it now; the rules below, asked beforehand. */
export function mayNow(approval: Approval, memberId: string, now: Date): ApprovalView['may'] {
  const isOpen = approval.state === 'pending' && !isOverdue(approval, now);
  const isRequester = memberId === approval.requesterId;
  const isAsked = isOpen && !isRequester && ownSeat(approval, memberId) !== undefined;
  const nextAt = nextReminderAt(approval);
  return {
    decide: isAsked,
    decideInList: isAsked && approval.risk === 'low',
    withdraw: isOpen && isRequester,
    remind: isOpen && isRequester && openSeats(approval).length > 0 && (!nextAt || now >= nextAt),
    transfer: isAsked,
    ask: isAsked,
    answer: isOpen && isRequester && approval.question !== null,
    comment: true,
  };
}

/** The member's seat, if it may be used now; else why not. A stranger learns who is asked, and nothing else. */
export function seatToUse(approval: Approval, memberId: string, now: Date): Seat {
  if (memberId === approval.requesterId) throw ownRequest();
  if (approval.mode === 'form' && approval.state === 'pending') throw inForm();
  const seats = approval.seats.filter((seat) => seat.memberId === memberId);
  if (seats.length === 0) throw notAsked(approval, openSeats(approval));
  mustBePending(approval, now);
  const seat = ownSeat(approval, memberId);
  if (seat) return seat;
  const past = seats.findLast(({ state }) => ['approved', 'rejected', 'closed'].includes(state));
  const decided =
    past?.state === 'closed' ? approval.seats.find((it) => it.level === past.level && it.state === 'approved') : past;
  throw decided
    ? alreadyDecided(approval, decided.memberId, decided.decidedAt, 'approved')
    : notAsked(approval, openSeats(approval));
}

export function mustBePending(approval: Approval, now: Date): void {
  switch (approval.state) {
    case 'pending':
      if (isOverdue(approval, now)) throw expired(approval.expiresAt);
      return;
    case 'approved':
    case 'rejected':
      throw alreadyDecided(approval, approval.decidedBy, approval.decidedAt, approval.state);
    case 'withdrawn':
      throw withdrawn(approval.decidedAt);
    case 'expired':
      throw expired(approval.decidedAt);
    default:
      throw approval.state satisfies never;
  }
}

export function mustBeRead(approval: Approval, revision: number): void {
  if (revision === approval.revision) return;
  throw changedSinceRead(approval.revision);
}

export function isOverdue({ expiresAt }: Approval, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

const REMIND_EVERY_MS = 30 * MINUTE_MS;

export function nextReminderAt({ remindedAt }: Approval): Date | null {
  return remindedAt && new Date(remindedAt.getTime() + REMIND_EVERY_MS);
}
