import type {
  ApprovalKind,
  approvalStates,
  ApprovalView,
  historyActions,
  risks,
  seatReasons,
  seatStates,
} from './approval-api.ts';
import {
  alreadyDecided,
  askedAlready,
  changedSinceRead,
  expired,
  inForm,
  noApprover,
  noQuestion,
  notAsked,
  onlyRequester,
  openFirst,
  ownRequest,
  reasonNeeded,
  remindedAlready,
  withdrawn,
} from './approval-refusal.ts';

export type ApprovalState = (typeof approvalStates)[number];
export type Risk = (typeof risks)[number];
export type SeatState = (typeof seatStates)[number];
export type SeatReason = (typeof seatReasons)[number];
export type HistoryAction = (typeof historyActions)[number];
export type Decision = 'approve' | 'reject';

/** One step of the sequence: one of its members is enough, or all of them must agree. */
export interface Level {
  of: 'any' | 'all';
  escalateAfterMinutes: number | null;
}

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

/** What happened, as it is written down for good. */
export interface HistoryEntry {
  at: Date;
  /** Null when the clock or a rule did it. */
  memberId: string | null;
  action: HistoryAction;
  text: string | null;
  /** Whom it concerns: who is asked as well, to whom it was passed on. */
  to: string[];
  /** Of what was asked, at the time. */
  revision: number;
  /** The file it is about. */
  attachmentId?: string;
}

/** A request to members with the right to decide it. */
export interface Approval {
  id: string;
  kind: ApprovalKind;
  state: ApprovalState;
  /** `form`: a form of the messenger decides, so there are no seats. */
  mode: 'own' | 'form';
  requesterId: string;
  customerId: string | null;
  contactId: string | null;
  subject: string | null;
  title: string;
  reason: string;
  content: unknown;
  measure: number;
  amountFen: number | null;
  risk: Risk;
  levels: Level[];
  /** The one that is open, from 0. */
  level: number;
  seats: Seat[];
  revision: number;
  question: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  remindedAt: Date | null;
  /** When it ended, however it did. */
  decidedAt: Date | null;
  decidedBy: string | null;
  effectState: 'none' | 'waiting' | 'done' | 'failed';
  /** Of everybody concerned, for what they are told. */
  names: ReadonlyMap<string, string>;
}

export interface Actor {
  /** Null where a form was decided by somebody who is no member here. */
  memberId: string | null;
  via: 'page' | 'card' | 'form' | 'rule';
}

export type ApprovalChange = Partial<
  Pick<
    Approval,
    | 'state'
    | 'mode'
    | 'levels'
    | 'requesterId'
    | 'level'
    | 'revision'
    | 'question'
    | 'reason'
    | 'remindedAt'
    | 'decidedAt'
    | 'decidedBy'
    | 'effectState'
  >
>;

/** What a transition sets: columns, seats that changed or are new (a member has one on a level), and what to write down. */
export interface Step {
  change: ApprovalChange;
  seats: Seat[];
  history: HistoryEntry[];
}

/** Who decides, as policy.ts found it. */
export interface ResolvedLevel extends Level {
  seats: Pick<Seat, 'memberId' | 'because' | 'standsFor'>[];
}

export const REMIND_EVERY_MS = 30 * 60_000;

/** As it is after the step. */
export function after(approval: Approval, step: Step): Approval {
  const changed = (seat: Seat) => step.seats.find((other) => isSamePlace(seat, other));
  const fresh = step.seats.filter((seat) => !approval.seats.some((other) => isSamePlace(seat, other)));
  return {
    ...approval,
    ...step.change,
    seats: [...approval.seats.map((seat) => changed(seat) ?? seat), ...fresh],
  };
}

const isSamePlace = (one: Seat, other: Seat) => one.level === other.level && one.memberId === other.memberId;

export type Opening = Pick<
  Approval,
  | 'id'
  | 'kind'
  | 'mode'
  | 'requesterId'
  | 'customerId'
  | 'contactId'
  | 'subject'
  | 'title'
  | 'reason'
  | 'content'
  | 'measure'
  | 'amountFen'
  | 'risk'
  | 'expiresAt'
  | 'names'
> & {
  /** [] where a form decides, and where the rule does. */
  levels: ResolvedLevel[];
  byRule: boolean;
};

/** What is within the rule is approved as it is asked. */
export function open(opening: Opening, now: Date): { approval: Approval; history: HistoryEntry[] } {
  const { levels, byRule, ...asked } = opening;
  const seats = seatsAt(levels, now);
  if (seats.some(({ memberId }) => memberId === asked.requesterId)) throw ownRequest();
  if (!byRule && asked.mode === 'own' && !levels.every((level) => level.seats.length > 0)) throw noApprover();
  const approval: Approval = {
    ...asked,
    state: byRule ? 'approved' : 'pending',
    levels: levels.map(plainLevel),
    level: 0,
    seats,
    revision: 1,
    question: null,
    createdAt: now,
    remindedAt: null,
    decidedAt: byRule ? now : null,
    decidedBy: null,
    effectState: byRule ? 'waiting' : 'none',
  };
  const first = seats.filter(({ level }) => level === 0).map(({ memberId }) => memberId);
  const requested = entry(approval, now, asked.requesterId, 'requested', { text: asked.reason, to: first });
  return {
    approval,
    history: byRule ? [requested, entry(approval, now, null, 'approved_by_rule')] : [requested],
  };
}

const closedSeat = { state: 'waiting', dueAt: null, openedAt: null, decidedAt: null } as const;

function opened(level: Level, now: Date): Pick<Seat, 'state' | 'dueAt' | 'openedAt'> {
  const { escalateAfterMinutes } = level;
  const dueAt = escalateAfterMinutes === null ? null : new Date(now.getTime() + escalateAfterMinutes * 60_000);
  return { state: 'open', dueAt, openedAt: now };
}

/** A form came to an end that does not count, so members decide; `levels` is as for `open`. */
export function decideHere(approval: Approval, levels: ResolvedLevel[], now: Date): Step {
  if (approval.state !== 'pending' || approval.mode === 'own') return nothing;
  const seats = seatsAt(levels, now);
  if (seats.some(({ memberId }) => memberId === approval.requesterId)) throw ownRequest();
  const to = seats.filter(({ level }) => level === 0).map(({ memberId }) => memberId);
  if (to.length === 0) throw noApprover();
  return {
    change: { mode: 'own', level: 0, levels: levels.map(plainLevel) },
    seats,
    history: [entry(approval, now, null, 'escalated', { to })],
  };
}

function seatsAt(levels: ResolvedLevel[], now: Date): Seat[] {
  return levels.flatMap(({ seats, ...level }, at) =>
    seats.map((seat): Seat => ({ ...seat, ...closedSeat, level: at, ...(at === 0 ? opened(level, now) : {}) })),
  );
}

const plainLevel = ({ of, escalateAfterMinutes }: Level): Level => ({ of, escalateAfterMinutes });

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

/** Whoever sat there for somebody late still does. */
function passedOn(approval: Approval, seat: Seat, memberId: string, because: SeatReason, now: Date): Seat {
  return {
    ...closedSeat,
    ...opened(currentLevel(approval), now),
    level: approval.level,
    memberId,
    because: seat.because === 'escalated' ? 'escalated' : because,
    standsFor: seat.memberId,
  };
}

/** Of these, who may be asked and is not. Whoever passed it on may get it back. */
function newcomers(approval: Approval, memberIds: readonly string[]): string[] {
  const seated = approval.seats.filter(({ level, state }) => level === approval.level && state !== 'passed_on');
  const taken = new Set([approval.requesterId, ...seated.map(({ memberId }) => memberId)]);
  return [...new Set(memberIds)].filter((memberId) => !taken.has(memberId));
}

/** Whoever is asked wants to know more; they may decide all the same. */
export function ask(
  approval: Approval,
  memberId: string,
  asked: { question: string; revision: number },
  now: Date,
): Step {
  seatToUse(approval, memberId, now);
  mustBeRead(approval, asked.revision);
  return {
    change: { question: asked.question },
    seats: [],
    history: [entry(approval, now, memberId, 'question_asked', { text: asked.question, to: [approval.requesterId] })],
  };
}

/** What is asked is another thing after an answer, so it must be read again. */
export function answer(
  approval: Approval,
  memberId: string,
  said: { text: string; reason: string | null },
  now: Date,
): Step {
  if (memberId !== approval.requesterId) throw onlyRequester(approval);
  mustBePending(approval, now);
  if (approval.question === null) throw noQuestion();
  const revision = approval.revision + 1;
  const read = { ...approval, revision };
  const isReworded = said.reason !== null && said.reason !== approval.reason;
  return {
    change: { question: null, revision, ...(isReworded && said.reason !== null ? { reason: said.reason } : {}) },
    seats: [],
    history: [
      entry(read, now, memberId, 'question_answered', { text: said.text }),
      ...(isReworded ? [entry(read, now, memberId, 'changed', { text: said.reason })] : []),
    ],
  };
}

/** What the requester adds is part of what is asked; what others add is not. */
export function attach(approval: Approval, memberId: string, file: { id: string; name: string }, now: Date): Step {
  const isRequester = memberId === approval.requesterId;
  if (!isRequester && !ownSeat(approval, memberId)) throw notAsked(approval, openSeats(approval));
  mustBePending(approval, now);
  const revision = approval.revision + (isRequester ? 1 : 0);
  return {
    change: { revision },
    seats: [],
    history: [
      {
        ...entry({ ...approval, revision }, now, memberId, 'attachment_added', { text: file.name }),
        attachmentId: file.id,
      },
    ],
  };
}

/** Whoever has not decided is told once more. */
export function remind(approval: Approval, memberId: string, now: Date): Step {
  if (memberId !== approval.requesterId) throw onlyRequester(approval);
  mustBePending(approval, now);
  if (approval.mode === 'form') throw inForm();
  const nextAt = nextReminderAt(approval);
  if (nextAt && now < nextAt) throw remindedAlready(nextAt);
  const to = openSeats(approval).map((seat) => seat.memberId);
  return {
    change: { remindedAt: now },
    seats: [],
    history: [entry(approval, now, memberId, 'reminded', { to })],
  };
}

function nextReminderAt({ remindedAt }: Approval): Date | null {
  return remindedAt && new Date(remindedAt.getTime() + REMIND_EVERY_MS);
}

/** That it was read is part of how it was decided. */
export function viewAttachment(
  approval: Approval,
  memberId: string,
  file: { id: string; name: string },
  now: Date,
): Step {
  const viewed = entry(approval, now, memberId, 'attachment_viewed', { text: file.name });
  return { change: {}, seats: [], history: [{ ...viewed, attachmentId: file.id }] };
}

/** A word to everybody concerned, also when it is over. */
export function comment(approval: Approval, memberId: string, text: string, now: Date): Step {
  return { change: {}, seats: [], history: [entry(approval, now, memberId, 'commented', { text })] };
}

/** What this member may do with it now; the same rules as above, asked beforehand. */
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

/** It is over, and what was asked for does not come of it. */
export function setsNothingFree({ state, effectState }: Pick<Approval, 'state' | 'effectState'>): boolean {
  return state === 'rejected' || state === 'withdrawn' || state === 'expired' || effectState === 'failed';
}

/** What it set free is done. */
export function effectDone(approval: Approval, now: Date): Step {
  return { change: { effectState: 'done' }, seats: [], history: [entry(approval, now, null, 'effect_done')] };
}

/** What it set free can no longer be done; `why` is for whoever asked and whoever decided. */
export function effectFailed(approval: Approval, why: string, now: Date): Step {
  const failed = entry(approval, now, null, 'effect_failed', { text: why });
  return { change: { effectState: 'failed' }, seats: [], history: [failed] };
}

/** Both, one after the other. */
export function inTurn(first: Step, second: Step): Step {
  const overtaken = (seat: Seat) => second.seats.some((other) => isSamePlace(seat, other));
  return {
    change: { ...first.change, ...second.change },
    seats: [...first.seats.filter((seat) => !overtaken(seat)), ...second.seats],
    history: [...first.history, ...second.history],
  };
}

export const nothing: Step = { change: {}, seats: [], history: [] };

/** The seats that are asked now. */
export function openSeats(approval: Pick<Approval, 'seats' | 'level'>): Seat[] {
  return approval.seats.filter(({ level, state }) => level === approval.level && state === 'open');
}

export function ownSeat(approval: Approval, memberId: string): Seat | undefined {
  return openSeats(approval).find((seat) => seat.memberId === memberId);
}

function currentLevel(approval: Approval): Level {
  return approval.levels[approval.level] ?? { of: 'any', escalateAfterMinutes: null };
}

function isOverdue({ expiresAt }: Approval, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function ended(approval: Approval, state: ApprovalState, decidedBy: string | null, now: Date): ApprovalChange {
  const effect = state === 'approved' ? { effectState: 'waiting' as const } : {};
  return { state, decidedAt: now, decidedBy, question: null, ...effect };
}

function closing(approval: Approval, which: (seat: Seat) => boolean): Seat[] {
  return approval.seats
    .filter((seat) => ['open', 'waiting'].includes(seat.state) && which(seat))
    .map((seat) => ({ ...seat, state: 'closed', dueAt: null }));
}

function entry(
  { revision }: Pick<Approval, 'revision'>,
  at: Date,
  memberId: string | null,
  action: HistoryAction,
  about: { text?: string | null; to?: string[] } = {},
): HistoryEntry {
  return { at, memberId, action, text: about.text ?? null, to: about.to ?? [], revision };
}

/** The member's seat, if it may be used now; else why not. A stranger learns who is asked, and nothing else. */
function seatToUse(approval: Approval, memberId: string, now: Date): Seat {
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

function mustBePending(approval: Approval, now: Date): void {
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

function mustBeRead(approval: Approval, revision: number): void {
  if (revision === approval.revision) return;
  throw changedSinceRead(approval.revision);
}
