import { MINUTE_MS } from '#server/base/duration.ts';
import type { seatReasons, seatStates } from './approval-api.ts';

/** One step of the sequence: one of its members is enough, or all of them must agree. */
export interface Level {
  of: 'any' | 'all';
  escalateAfterMinutes: number | null;
}

export type SeatState = (typeof seatStates)[number];
export type SeatReason = (typeof seatReasons)[number];

/** A member's right to decide one level. */
export interface Seat {
  level: number;
  memberId: string;
  state: SeatState;
  because: SeatReason;
  /** For whom they sit there, where it is not for themselves. */
  standsFor: string | null;
  /** When somebody above is asked as well; null when they were, or never. */
  dueAt: Date | null;
  openedAt: Date | null;
  decidedAt: Date | null;
}

/** Of what is asked, all that says who sits there. */
export interface Seated {
  requesterId: string;
  levels: Level[];
  /** The one that is open, from 0. */
  level: number;
  seats: Seat[];
}

/** Who decides, as policy.ts found it. */
export interface ResolvedLevel extends Level {
  seats: Pick<Seat, 'memberId' | 'because' | 'standsFor'>[];
}

/** The seats that are asked now. */
export function openSeats({ seats, level: open }: Pick<Seated, 'seats' | 'level'>): Seat[] {
  return seats.filter(({ level, state }) => level === open && state === 'open');
}

/** The member's, if they are asked now. */
export function ownSeat(approval: Seated, memberId: string): Seat | undefined {
  return openSeats(approval).find((seat) => seat.memberId === memberId);
}

export function currentLevel(approval: Seated): Level {
  return approval.levels[approval.level] ?? { of: 'any', escalateAfterMinutes: null };
}

/** Of these, who may be asked and is not. Whoever passed it on may get it back. */
export function newcomers(approval: Seated, memberIds: readonly string[]): string[] {
  const seated = approval.seats.filter(({ level, state }) => level === approval.level && state !== 'passed_on');
  const taken = new Set([approval.requesterId, ...seated.map(({ memberId }) => memberId)]);
  return [...new Set(memberIds)].filter((memberId) => !taken.has(memberId));
}

/** As it begins: those of the first level are asked. */
export function seatsAt(levels: ResolvedLevel[], now: Date): Seat[] {
  return levels.flatMap(({ seats, ...level }, at) =>
    seats.map((seat): Seat => ({ ...seat, ...closedSeat, level: at, ...(at === 0 ? opened(level, now) : {}) })),
  );
}

export const plainLevel = ({ of, escalateAfterMinutes }: Level): Level => ({ of, escalateAfterMinutes });

/** Whoever sat there for somebody late still does. */
export function passedOn(approval: Seated, seat: Seat, memberId: string, because: SeatReason, now: Date): Seat {
  return {
    ...closedSeat,
    ...opened(currentLevel(approval), now),
    level: approval.level,
    memberId,
    because: seat.because === 'escalated' ? 'escalated' : because,
    standsFor: seat.memberId,
  };
}

/** Its level has not begun. */
export const closedSeat = { state: 'waiting', dueAt: null, openedAt: null, decidedAt: null } as const;

/** From now on the member is asked. */
export function opened(level: Level, now: Date): Pick<Seat, 'state' | 'dueAt' | 'openedAt'> {
  const { escalateAfterMinutes } = level;
  const dueAt = escalateAfterMinutes === null ? null : new Date(now.getTime() + escalateAfterMinutes * MINUTE_MS);
  return { state: 'open', dueAt, openedAt: now };
}

/** Of those seats nothing is asked any more. */
export function closing(approval: Seated, which: (seat: Seat) => boolean): Seat[] {
  return approval.seats
    .filter((seat) => ['open', 'waiting'].includes(seat.state) && which(seat))
    .map((seat) => ({ ...seat, state: 'closed', dueAt: null }));
}

export const isSamePlace = (one: Seat, other: Seat) => one.level === other.level && one.memberId === other.memberId;
