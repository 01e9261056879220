import { hash } from 'node:crypto';
import { shanghaiTime } from '#server/base/shanghai.ts';
import type { Card, CardButton } from '#server/platform/card.ts';
import type { ApprovalKind, approvalStates, risks, seatStates } from './approval-api.ts';

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
  const much = say.measures[subject.kind](subject.measure);
  const lines = [
    { label: say.who, text: requesterName },
    { label: say.customer, text: customerName ?? '' },
    { label: say.amount, text: amountOf(subject) },
    { label: say.measure[subject.kind], text: much },
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

type Measures = Record<ApprovalKind, (measure: number) => string>;

interface Words {
  kinds: Record<ApprovalKind, string>;
  states: Record<Exclude<CardSubject['state'], 'pending'>, string>;
  risks: Record<CardSubject['risk'], string>;
  measure: Record<ApprovalKind, string>;
  measures: Measures;
  who: string;
  customer: string;
  amount: string;
  why: string;
  when: string;
  asked: string;
  says: string;
  approve: string;
  reject: string;
  look: string;
  passedOn: string;
  yours: string;
  closed: string;
  colon: string;
}

const number = (measure: number): string => String(Math.round(measure * 100) / 100);

const chinese: Words = {
  kinds: {
    discount: '折扣审批',
    contract_terms: '合同条款审批',
    customer_transfer: '客户交接审批',
    stage_exception: '阶段例外审批',
    sensitive_reveal: '查看敏感信息审批',
    broadcast: '群发审批',
  },
  states: { approved: '已同意', rejected: '已拒绝', withdrawn: '已撤回', expired: '已过期' },
  risks: { low: '', medium: '请核对后再决定', high: '高风险：请打开查看后再决定' },
  measure: {
    discount: '折扣',
    contract_terms: '合同金额',
    customer_transfer: '交接数量',
    stage_exception: '商机金额',
    sensitive_reveal: '有效时长',
    broadcast: '触达人数',
  },
  measures: {
    discount: (measure) => `${number(measure)} %`,
    contract_terms: () => '',
    customer_transfer: (measure) => `${number(measure)} 位`,
    stage_exception: () => '',
    sensitive_reveal: (measure) => `${number(measure)} 小时`,
    broadcast: (measure) => `${number(measure)} 人`,
  },
  who: '申请人',
  customer: '客户',
  amount: '金额',
  why: '原因',
  when: '时间',
  asked: '待补充',
  says: '内容',
  approve: '同意',
  reject: '拒绝',
  look: '查看',
  passedOn: '已转交他人处理',
  yours: '你已同意，等待其他人',
  closed: '已无需你处理',
  colon: '：',
};

const english: Words = {
  kinds: {
    discount: 'Discount',
    contract_terms: 'Contract terms',
    customer_transfer: 'Hand-over',
    stage_exception: 'Stage exception',
    sensitive_reveal: 'Reveal a sensitive field',
    broadcast: 'Broadcast',
  },
  states: { approved: 'Approved', rejected: 'Rejected', withdrawn: 'Withdrawn', expired: 'Expired' },
  risks: { low: '', medium: 'Check before you decide', high: 'High risk: open and read before you decide' },
  measure: {
    discount: 'Discount',
    contract_terms: 'Contract',
    customer_transfer: 'How many',
    stage_exception: 'Deal',
    sensitive_reveal: 'For',
    broadcast: 'People',
  },
  measures: {
    discount: (measure) => `${number(measure)} %`,
    contract_terms: () => '',
    customer_transfer: number,
    stage_exception: () => '',
    sensitive_reveal: (measure) => `${number(measure)} h`,
    broadcast: number,
  },
  who: 'Asked by',
  customer: 'Customer',
  amount: 'Amount',
  why: 'Why',
  when: 'Asked',
  asked: 'Waits for',
  says: 'Text',
  approve: 'Approve',
  reject: 'Reject',
  look: 'Open',
  passedOn: 'Passed on to somebody else',
  yours: 'You approved; others are still asked',
  closed: 'Nothing left for you to do',
  colon: ': ',
};
