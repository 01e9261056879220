import { ended, entry, type Approval, type Step } from './approval.ts';
import { notAsked, openFirst, ownRequest, reasonNeeded } from './approval-refusal.ts';
import { mustBePending, mustBeRead, seatToUse } from './approval-right.ts';
import { closing, opened, openSeats, type Seat } from './seat.ts';

export interface Actor {
  /** Null where a form was decided by somebody who is no member here. */
  memberId: string | null;
  via: 'page' | 'card' | 'form' | 'rule';
}

export type Decision = 'approve' | 'reject';

export interface Verdict {
  decision: Decision;
  reason: string | null;
  /** The revision that was read. */
  revision: number;
}

/** The only place that says who may decide what. */
export function decide(approval: Approval, actor: Actor, verdict: Verdict, now: Date): Step {
  const { memberId, via } = actor;
  if (memberId === approval.requesterId && verdict.decision === 'approve') throw ownRequest();
  if (via === 'form') return decideOnForm(approval, memberId, verdict, now);
  if (memberId === null) throw notAsked(approval, openSeats(approval));
  if (memberId === approval.requesterId) throw ownRequest();
  const seat = seatToUse(approval, memberId, now);
  mustBeRead(approval, verdict.revision);
  const reason = verdict.reason?.trim() || null;
  if (verdict.decision === 'reject' && !reason) throw reasonNeeded();
  if (via === 'card' && approval.risk !== 'low' && verdict.decision === 'approve') throw openFirst();
  if (verdict.decision === 'reject') return reject(approval, seat, reason, now);
  return approve(approval, seat, reason, now);
}

/** The form goes by its own rules, so its end is the end. */
function decideOnForm(approval: Approval, memberId: string | null, verdict: Verdict, now: Date): Step {
  if (approval.mode !== 'form') throw notAsked(approval, openSeats(approval));
  mustBePending(approval, now);
  const isApproved = verdict.decision === 'approve';
  return {
    change: ended(approval, isApproved ? 'approved' : 'rejected', memberId, now),
    seats: [],
    history: [entry(approval, now, memberId, isApproved ? 'approved' : 'rejected', { text: verdict.reason })],
  };
}

function reject(approval: Approval, seat: Seat, reason: string | null, now: Date): Step {
  const mine: Seat = { ...seat, state: 'rejected', decidedAt: now, dueAt: null };
  return {
    change: ended(approval, 'rejected', seat.memberId, now),
    seats: [mine, ...closing(approval, (other) => other !== seat)],
    history: [entry(approval, now, seat.memberId, 'rejected', { text: reason })],
  };
}

function approve(approval: Approval, seat: Seat, reason: string | null, now: Date): Step {
  const mine: Seat = { ...seat, state: 'approved', decidedAt: now, dueAt: null };
  const others = openSeats(approval).filter((other) => other !== seat);
  const settled = new Set(settledBy(approval, seat, others));
  const seats = [mine, ...closing(approval, (other) => settled.has(other))];
  const history = [entry(approval, now, seat.memberId, 'approved', { text: reason })];
  if (others.some((other) => !settled.has(other))) return { change: { question: null }, seats, history };
  const next = approval.level + 1;
  const level = approval.levels[next];
  if (!level) return { change: ended(approval, 'approved', seat.memberId, now), seats, history };
  const onNext = approval.seats
    .filter((other) => other.level === next && other.state === 'waiting')
    .map((other): Seat => ({ ...other, ...opened(level, now) }));
  return { change: { level: next, question: null }, seats: [...seats, ...onNext], history };
}

/**
 * Which of the level's other seats an approval makes needless. Where all must agree, a member above who was asked because
 * of a delay answers for whoever is late; and is no longer needed when nobody is.
 */
function settledBy(approval: Approval, seat: Seat, others: Seat[]): Seat[] {
  if (approval.levels[approval.level]?.of !== 'all') return others;
  const above = others.filter(({ because }) => because === 'escalated');
  const late = others.filter(({ because, dueAt }) => because !== 'escalated' && dueAt === null);
  if (seat.because === 'escalated') return [...above, ...late];
  return late.length > 0 ? [] : above;
}
