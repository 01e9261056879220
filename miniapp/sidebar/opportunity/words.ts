import type { ApprovalDetail, ApprovalView } from '#server/approval/approval-api.ts';
import type { GateFact, OpportunityStage } from '#server/opportunity/opportunity-api.ts';
import { learnWords, t, type MessageKey } from '#miniapp/i18n/i18n.ts';
import { opportunityEn } from '#miniapp/i18n/opportunity-en.ts';
import { opportunityZhCN } from '#miniapp/i18n/opportunity-zh-CN.ts';

learnWords({ 'zh-CN': opportunityZhCN, en: opportunityEn });

type SaleKey<Group extends string> = MessageKey & `sale.${Group}.${string}`;
const plain = t as (key: MessageKey) => string;

const stageKeys: Record<OpportunityStage, SaleKey<'stage'>> = {
  discovery: 'sale.stage.discovery',
  solution: 'sale.stage.solution',
  quoted: 'sale.stage.quoted',
  negotiation: 'sale.stage.negotiation',
  won: 'sale.stage.won',
  lost: 'sale.stage.lost',
};
const factKeys: Record<GateFact, SaleKey<'field'>> = {
  need: 'sale.field.need',
  budget: 'sale.field.budget',
  decision_maker: 'sale.field.decisionMaker',
  amount: 'sale.field.amount',
  expected_on: 'sale.field.expected',
  terms: 'sale.field.terms',
};
const fieldKeys: Record<string, SaleKey<'field'>> = {
  title: 'sale.field.title',
  amountFen: 'sale.field.amount',
  discountBp: 'sale.field.discount',
  stage: 'sale.field.stage',
  expectedOn: 'sale.field.expected',
  outcome: 'sale.field.outcome',
  ownerId: 'sale.field.owner',
  need: 'sale.field.need',
  budget: 'sale.field.budget',
  decisionMaker: 'sale.field.decisionMaker',
  terms: 'sale.field.terms',
};
const kindKeys: Record<ApprovalView['kind'], SaleKey<'kind'>> = {
  discount: 'sale.kind.discount',
  contract_terms: 'sale.kind.contract_terms',
  customer_transfer: 'sale.kind.customer_transfer',
  stage_exception: 'sale.kind.stage_exception',
  sensitive_reveal: 'sale.kind.sensitive_reveal',
  broadcast: 'sale.kind.broadcast',
};
type Seat = ApprovalView['levels'][number]['seats'][number];
const seatKeys: Record<Seat['state'], SaleKey<'seat'>> = {
  waiting: 'sale.seat.waiting',
  open: 'sale.seat.open',
  approved: 'sale.seat.approved',
  rejected: 'sale.seat.rejected',
  passed_on: 'sale.seat.passed_on',
  closed: 'sale.seat.closed',
};
const didKeys: Record<ApprovalDetail['history'][number]['action'], SaleKey<'did'>> = {
  requested: 'sale.did.requested',
  approved_by_rule: 'sale.did.approved_by_rule',
  approved: 'sale.did.approved',
  rejected: 'sale.did.rejected',
  withdrawn: 'sale.did.withdrawn',
  expired: 'sale.did.expired',
  escalated: 'sale.did.escalated',
  transferred: 'sale.did.transferred',
  reminded: 'sale.did.reminded',
  question_asked: 'sale.did.question_asked',
  question_answered: 'sale.did.question_answered',
  changed: 'sale.did.changed',
  commented: 'sale.did.commented',
  attachment_added: 'sale.did.attachment_added',
  attachment_viewed: 'sale.did.attachment_viewed',
  effect_done: 'sale.did.effect_done',
  effect_failed: 'sale.did.effect_failed',
  form_started: 'sale.did.form_started',
  form_failed: 'sale.did.form_failed',
};

export const isSaleStage = (word: string): word is OpportunityStage => word in stageKeys;
export const saleStageWord = (stage: OpportunityStage): string => plain(stageKeys[stage]);
export const factWord = (fact: GateFact): string => plain(factKeys[fact]);
export const factWords = (facts: readonly GateFact[]): string => facts.map(factWord).join(t('list.comma'));
export const seatWord = (state: Seat['state']): string => plain(seatKeys[state]);
export const didWord = (action: ApprovalDetail['history'][number]['action']): string => plain(didKeys[action]);
export const nameList = (people: readonly { name: string }[]): string =>
  people.map(({ name }) => name).join(t('list.comma'));

/** A field of a change; one this page does not know keeps its own name. */
export function saleFieldWord(field: string): string {
  const key = fieldKeys[field];
  return key ? plain(key) : field;
}

export function seatWhy({ because, standsFor }: Seat): string | null {
  const name = standsFor?.name ?? '';
  switch (because) {
    case 'policy':
      return null;
    case 'delegate':
      return t('sale.because.delegate', { name });
    case 'escalated':
      return t('sale.because.escalated');
    case 'transferred':
      return t('sale.because.transferred', { name });
    case 'fallback':
      return t('sale.because.fallback');
  }
  return because satisfies never;
}

export type ChipTone = 'waiting' | 'good' | 'bad' | 'over';

/** A request in one line: what was asked, and how it stands. */
export function requestLine(approval: ApprovalView): { text: string; tone: ChipTone } {
  const { tone, text } = standing(approval);
  const change = approval.changes.find(({ format }) => format === 'percent');
  const what = plain(kindKeys[approval.kind]) + (typeof change?.after === 'number' ? ` ${change.after}%` : '');
  return { text: `${what} · ${text}`, tone };
}

function standing({ state, mode, levels, level, question, verdict, effect }: ApprovalView): {
  text: string;
  tone: ChipTone;
} {
  const asked = (levels[level]?.seats ?? []).filter((seat) => seat.state === 'open').map(({ member }) => member);
  switch (state) {
    case 'pending':
      if (question !== null) return { text: t('sale.chip.question', { names: nameList(asked) }), tone: 'bad' };
      return {
        text: mode === 'form' ? t('sale.chip.form') : t('sale.chip.pending', { names: nameList(asked) }),
        tone: 'waiting',
      };
    case 'approved':
      if (effect === 'failed') return { text: t('sale.chip.failed'), tone: 'bad' };
      return { text: effect === 'waiting' ? t('sale.chip.applying') : t('sale.chip.approved'), tone: 'good' };
    case 'rejected':
      return { text: t('sale.chip.rejected', { reason: verdict ?? '' }), tone: 'bad' };
    case 'withdrawn':
      return { text: t('sale.chip.withdrawn'), tone: 'over' };
    case 'expired':
      return { text: t('sale.chip.expired'), tone: 'over' };
  }
  return state satisfies never;
}
