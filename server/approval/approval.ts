import type { ApprovalKind, approvalStates, historyActions, risks } from './approval-api.ts';
import { isSamePlace, type Seat, type Seated } from './seat.ts';

export type ApprovalState = (typeof approvalStates)[number];
export type Risk = (typeof risks)[number];
export type HistoryAction = (typeof historyActions)[number];

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
export interface Approval extends Seated {
  id: string;
  kind: ApprovalKind;
  state: ApprovalState;
  /** `form`: a form of the messenger decides, so there are no seats. */
  mode: 'own' | 'form';
  customerId: string | null;
  contactId: string | null;
  /** What else it is about, as `kind:id`; the newest about each can be asked for. */
  subject: string | null;
  title: string;
  reason: string;
  content: unknown;
  /** What the bands of the policy are told apart by, in the unit of its kind. */
  measure: number;
  amountFen: number | null;
  risk: Risk;
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

export const nothing: Step = { change: {}, seats: [], history: [] };

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

/** Both, one after the other. */
export function inTurn(first: Step, second: Step): Step {
  const overtaken = (seat: Seat) => second.seats.some((other) => isSamePlace(seat, other));
  return {
    change: { ...first.change, ...second.change },
    seats: [...first.seats.filter((seat) => !overtaken(seat)), ...second.seats],
    history: [...first.history, ...second.history],
  };
}

/** It is over in this state; only what was approved has an effect. */
export function ended(approval: Approval, state: ApprovalState, decidedBy: string | null, now: Date): ApprovalChange {
  const effect = state === 'approved' ? { effectState: 'waiting' as const } : {};
  return { state, decidedAt: now, decidedBy, question: null, ...effect };
}

/** Of what is asked as it is now, to be written down. */
export function entry(
  { revision }: Pick<Approval, 'revision'>,
  at: Date,
  memberId: string | null,
  action: HistoryAction,
  about: { text?: string | null; to?: string[] } = {},
): HistoryEntry {
  return { at, memberId, action, text: about.text ?? null, to: about.to ?? [], revision };
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
