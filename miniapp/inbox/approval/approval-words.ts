import type { ApprovalKind, ApprovalView } from '#server/approval/approval-api.ts';
import { clock } from '#miniapp/inbox/clock.ts';
import { dayAndTime } from '#miniapp/i18n/format.ts';
import { language, t, type MessageKey } from '#miniapp/i18n/i18n.ts';

export const kindWords = {
  discount: 'kind.discount',
  contract_terms: 'kind.contract_terms',
  customer_transfer: 'kind.customer_transfer',
  stage_exception: 'kind.stage_exception',
  sensitive_reveal: 'kind.sensitive_reveal',
  broadcast: 'kind.broadcast',
} as const satisfies Record<ApprovalKind, MessageKey>;
export const kinds = Object.keys(kindWords) as ApprovalKind[];

export type Risk = ApprovalView['risk'];
export const riskWords = { low: 'risk.low', medium: 'risk.medium', high: 'risk.high' } as const satisfies Record<
  Risk,
  MessageKey
>;
export const riskNames = Object.keys(riskWords) as Risk[];

export type Box = 'pending' | 'decided' | 'copied' | 'mine';
export const boxWords = {
  pending: 'box.pending',
  decided: 'box.decided',
  copied: 'box.copied',
  mine: 'box.mine',
} as const satisfies Record<Box, MessageKey>;
export const boxes = Object.keys(boxWords) as Box[];

export const stateWords = {
  pending: 'state.pending',
  approved: 'state.approved',
  rejected: 'state.rejected',
  withdrawn: 'state.withdrawn',
  expired: 'state.expired',
} as const satisfies Record<ApprovalView['state'], MessageKey>;

const dealWords: Record<string, MessageKey> = {
  discovery: 'deal.discovery',
  solution: 'deal.solution',
  quoted: 'deal.quoted',
  negotiation: 'deal.negotiation',
  won: 'deal.won',
  lost: 'deal.lost',
};
const customerWords: Record<string, MessageKey> = {
  new: 'stage.new',
  contacted: 'stage.contacted',
  qualified: 'stage.qualified',
  quoted: 'stage.quoted',
  won: 'stage.won',
  lost: 'stage.lost',
};
const say = t as (key: MessageKey) => string;
const worded = (words: Record<string, MessageKey>, name: string): string => {
  const key = words[name];
  return key ? say(key) : name;
};
export const dealStage = (name: string): string => worded(dealWords, name);
export const customerStage = (name: string): string => worded(customerWords, name);

/** Fen as yuan: `¥10,880`, with the fen only where there are any. */
export function money(fen: number): string {
  const digits = fen % 100 === 0 ? 0 : 2;
  const yuan = new Intl.NumberFormat(language.locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(fen / 100);
  return `¥${yuan}`;
}

export const count = (n: number): string =>
  new Intl.NumberFormat(language.locale, { maximumFractionDigits: 2 }).format(n);

/** How much is asked for, in the unit of its kind; the money where it is known. */
export function measures(approval: Pick<ApprovalView, 'kind' | 'measure' | 'amountFen'>): string[] {
  const amount = approval.amountFen === null ? [] : [money(approval.amountFen)];
  switch (approval.kind) {
    case 'discount':
      return [t('measure.discount', { n: count(approval.measure) }), ...amount];
    case 'contract_terms':
    case 'stage_exception':
      return amount.length > 0 ? amount : [money(Math.round(approval.measure * 100))];
    case 'customer_transfer':
      return [t('measure.transfer', { n: approval.measure }), ...amount];
    case 'sensitive_reveal':
      return [t('measure.hours', { n: approval.measure })];
    case 'broadcast':
      return [t('measure.people', { n: approval.measure })];
  }
}

type Change = ApprovalView['changes'][number];
const fieldWords = {
  discount: 'change.discount',
  amount: 'change.amount',
  terms: 'change.terms',
  stage: 'change.stage',
  missing: 'change.missing',
  items: 'change.items',
  field: 'change.field',
  hours: 'change.hours',
  recipients: 'change.recipients',
  held_out: 'change.held_out',
  senders: 'change.senders',
  send_at: 'change.send_at',
  text: 'change.text',
  attachments: 'change.attachments',
} as const satisfies Record<Change['field'], MessageKey>;
export const changeField = (change: Change): string => t(fieldWords[change.field]);

const factWords: Record<string, MessageKey> = {
  need: 'summary.need',
  budget: 'summary.budget',
  decision_maker: 'summary.decision_maker',
  amount: 'change.amount',
  expected_on: 'fact.expected_on',
  terms: 'change.terms',
  phone: 'field.phone',
};

export function changeValue(change: Change, value: Change['before']): string {
  if (value === null || value === '') return t('change.none');
  switch (change.format) {
    case 'percent':
      return t('percent', { n: count(Number(value)) });
    case 'money':
      return money(Number(value));
    case 'count':
      return count(Number(value));
    case 'time':
      return dayAndTime(String(value));
    case 'stage':
      return dealStage(String(value));
    case 'text':
      if (change.field !== 'missing' && change.field !== 'field') return String(value);
      return String(value)
        .split(/[,、]\s*/)
        .map((fact) => worded(factWords, fact))
        .join(t('list.comma'));
  }
}

const MINUTE_MS = 60_000;

/** How long somebody has been waiting, in one unit. */
export function waited(iso: string): string {
  const minutes = Math.max(0, Math.floor((clock.now - new Date(iso).getTime()) / MINUTE_MS));
  if (minutes < 60) return t('waited.minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t('waited.hours', { n: hours }) : t('waited.days', { n: Math.floor(hours / 24) });
}

/** What is left until then; '' when it is over. */
export function timeLeft(iso: string): string {
  const minutes = Math.floor((new Date(iso).getTime() - clock.now) / MINUTE_MS);
  if (minutes < 0) return '';
  if (minutes < 60) return t('left.minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t('left.hours', { n: hours }) : t('left.days', { n: Math.floor(hours / 24) });
}
