import { entry, nothing, type Approval, type Step } from './approval.ts';
import { askedAlready, ownRequest } from './approval-refusal.ts';
import { mustBeRead, seatToUse } from './approval-right.ts';
import { closedSeat, currentLevel, newcomers, opened, openSeats, ownSeat, passedOn, type Seat } from './seat.ts';

/** Members who sit here and have not decided in time. */
export function lateSeats(approval: Approval, now: Date): Seat[] {
  return openSeats(approval).filter(({ dueAt }) => dueAt !== null && dueAt <= now);
}

/**
 * By the clock: those above a late member are asked as well; whoever was asked stays asked. The requester is none of
 * them. Where nobody new is found, nothing is written, and the seat is not looked at again.
 */
export function escalate(approval: Approval, late: Seat, above: readonly string[], now: Date): Step {
  const seat = ownSeat(approval, late.memberId);
  if (!seat) return nothing;
  const to = newcomers(approval, above);
  const level = currentLevel(approval);
  const seats = to.map((memberId): Seat => ({
    ...closedSeat,
    ...opened(level, now),
    level: approval.level,
    memberId,
    because: 'escalated',
    standsFor: seat.memberId,
  }));
  return {
    change: {},
    seats: [{ ...seat, dueAt: null }, ...seats],
    history: to.length > 0 ? [entry(approval, now, null, 'escalated', { to })] : [],
  };
}

/** A member who left, or is away, gives up their seat to others. Where nobody else is found they keep it. */
export function replace(
  approval: Approval,
  leaving: Seat,
  by: readonly string[],
  because: 'delegate' | 'transferred',
  now: Date,
): Step {
  const seat = ownSeat(approval, leaving.memberId);
  const to = newcomers(approval, by);
  if (!seat || to.length === 0) return nothing;
  const fresh = to.map((memberId) => passedOn(approval, seat, memberId, because, now));
  return {
    change: {},
    seats: [{ ...seat, state: 'passed_on', dueAt: null }, ...fresh],
    history: [entry(approval, now, null, because === 'delegate' ? 'transferred' : 'escalated', { to })],
  };
}

/** Whoever is asked passes it on; that they were asked is no longer so. */
export function transfer(
  approval: Approval,
  memberId: string,
  to: { memberId: string; reason: string | null; revision: number },
  now: Date,
): Step {
  const seat = seatToUse(approval, memberId, now);
  mustBeRead(approval, to.revision);
  if (to.memberId === approval.requesterId) throw ownRequest();
  if (newcomers(approval, [to.memberId]).length === 0) throw askedAlready(approval, to.memberId);
  return {
    change: {},
    seats: [{ ...seat, state: 'passed_on', dueAt: null }, passedOn(approval, seat, to.memberId, 'transferred', now)],
    history: [entry(approval, now, memberId, 'transferred', { text: to.reason?.trim() || null, to: [to.memberId] })],
  };
}

/**
 * What a member asked for and what waits for them, now or on a later level, goes to another, because the company says so.
 * Nobody comes to decide what is theirs by it: that is refused.
 */
export function handOver(approval: Approval, from: string, to: string, now: Date): Step {
  if (approval.state !== 'pending') return nothing;
  const isRequester = approval.requesterId === from;
  const isLive = ({ state }: Seat) => state === 'open' || state === 'waiting';
  const given = approval.seats.filter((seat) => seat.memberId === from && isLive(seat));
  if (!isRequester && given.length === 0) return nothing;
  const decides = approval.seats.some((seat) => seat.memberId === to && (isLive(seat) || seat.state === 'approved'));
  if (isRequester ? decides : approval.requesterId === to) throw ownRequest();
  const seats = given.flatMap((seat): Seat[] => {
    const taken = approval.seats.find((other) => other.level === seat.level && other.memberId === to);
    const left: Seat = { ...seat, state: 'passed_on', dueAt: null };
    if (taken && isLive(taken)) return [left];
    if (taken && taken.state !== 'passed_on') return [];
    return [
      left,
      { ...seat, memberId: to, because: seat.because === 'escalated' ? 'escalated' : 'transferred', standsFor: from },
    ];
  });
  const revision = approval.revision + (isRequester ? 1 : 0);
  return {
    change: isRequester ? { requesterId: to, revision } : {},
    seats,
    history: [entry({ revision }, now, null, 'transferred', { to: [to] })],
  };
}
