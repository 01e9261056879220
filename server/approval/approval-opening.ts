import { entry, nothing, type Approval, type HistoryEntry, type Step } from './approval.ts';
import { noApprover, ownRequest } from './approval-refusal.ts';
import { plainLevel, seatsAt, type ResolvedLevel } from './seat.ts';

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
