import { hash } from 'node:crypto';
import { shanghaiTime } from '#server/base/shanghai.ts';
import type { Card, CardButton } from '#server/platform/card.ts';
import type { ApprovalKind, approvalStates, risks, seatStates } from './approval-api.ts';
import { chinese, english, type Words } from './card-words.ts';

/** What a card needs to know of an approval, and of the one who sees it. */
export interface CardSubject {
  approvalId: string;
  kind: ApprovalKind;
  state: (typeof approvalStates)[number];
  title: string;
  reason: string;
  risk: (typeof risks)[number];
  measure: number;
  amountFen: number | null;
  /** What the amount would become, in fen; null where it stays. */
  amountAfterFen: number | null;
  /** How the text begins that would be sent; null where none is. */
  says: string | null;
  revision: number;
  question: string | null;
  requesterName: string;
  customerName: string | null;
  createdAt: Date;
  /** Who ended it, when, and in which words; null while it is open or when the clock did. */
  ended: { by: string | null; at: Date; words: string | null } | null;
  /** The seat of whoever sees this copy. */
  seat: { state: (typeof seatStates)[number]; decidedAt: Date | null };
  locale: string;
}

/** The face a copy of the card shows now. Deciding on it is for low risk; everything else is read on the page first. */
export function faceOf(key: string, publicUrl: string, subject: CardSubject): Card {
  const say = subject.locale.startsWith('en') ? english : chinese;
  const isOpen = subject.state === 'pending' && subject.seat.state === 'open';
  return {
    key,
    title: `${say.kinds[subject.kind]} · ${subject.title}`,
    lines: linesOf(subject, say),
    risk: isOpen ? say.risks[subject.risk] : '',
    url: `${publicUrl}/inbox.html#/approvals/${subject.approvalId}`,
    buttons: isOpen ? buttonsOf(subject, say) : [],
    verdict: isOpen ? '' : verdictOf(subject, say),
  };
}

/** Two faces of one card that look the same have the same hash. */
export function faceHash(card: Card): string {
  return hash(
    'sha256',
    JSON.stringify([card.title, card.lines, card.risk, card.url, card.buttons, card.verdict]),
    'hex',
  );
}

/** The revision stands in the action: a press says which content was on the card that was pressed. */
export function revisionPressed(action: string): number | null {
  const revision = /^approve_(\d{1,9})$/.exec(action)?.[1];
  return revision === undefined ? null : Number(revision);
}

function buttonsOf({ risk, question, revision }: CardSubject, say: Words): CardButton[] {
  const open: CardButton = { action: 'open', label: say.look, style: 'primary', opensPage: true };
  if (risk !== 'low' || question !== null) return [open];
  return [
    { action: 'reject', label: say.reject, style: 'danger', opensPage: true },
    { action: `approve_${revision}`, label: say.approve, style: 'primary', opensPage: false },
  ];
}

function linesOf(subject: CardSubject, say: Words): Card['lines'] {
  const { requesterName, customerName, reason, createdAt, question, says } = subject;
  const measure = say.measures[subject.kind];
  const lines = [
    { label: say.who, text: requesterName },
    { label: say.customer, text: customerName ?? '' },
    { label: say.amount, text: amountOf(subject) },
    ...(measure ? [{ label: measure.label, text: `${Math.round(subject.measure * 100) / 100}${measure.unit}` }] : []),
    { label: say.says, text: says ?? '' },
    question === null ? { label: say.why, text: reason } : { label: say.asked, text: question },
    { label: say.when, text: shanghaiTime(createdAt) },
  ];
  return lines.filter(({ text }) => text !== '');
}

function verdictOf({ state, seat, ended }: CardSubject, say: Words): string {
  if (state === 'pending') {
    if (seat.state === 'passed_on') return say.passedOn;
    const at = seat.decidedAt ? ` · ${shanghaiTime(seat.decidedAt)}` : '';
    return seat.state === 'approved' ? `${say.yours}${at}` : say.closed;
  }
  const words = ended?.words ? `${say.colon}${ended.words}` : '';
  return [say.states[state], ended?.by ?? '', ended ? shanghaiTime(ended.at) : ''].filter(Boolean).join(' · ') + words;
}

/** ¥12,800 → ¥10,880 */
function amountOf({ amountFen, amountAfterFen }: CardSubject): string {
  const known = [amountFen, amountAfterFen].flatMap((fen) => (fen === null ? [] : [yuan(fen)]));
  return known.join(' → ');
}

/** 10880 yuan of 1088000 fen: ¥10,880 */
function yuan(fen: number): string {
  const [whole = '0', cents = '00'] = (fen / 100).toFixed(2).split('.');
  return `¥${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${cents === '00' ? '' : `.${cents}`}`;
}
