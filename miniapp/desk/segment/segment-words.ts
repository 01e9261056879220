import type { SegmentField } from '#server/segment/segment-api.ts';
import type { FieldType, Operator, SegmentView } from '#server/segment/segment-api.ts';
import type { Answer } from '#miniapp/api/call.ts';
import type { segmentApi } from '#server/segment/segment-api.ts';
import { addressOf } from '#miniapp/desk/desk-place.ts';
import { learnWords, t, type PlainKey } from '#miniapp/i18n/i18n.ts';
import { segmentEn } from '#miniapp/i18n/segment-en.ts';
import { segmentZhCN } from '#miniapp/i18n/segment-zh-CN.ts';

learnWords({ 'zh-CN': segmentZhCN, en: segmentEn });

export type UsedBy = SegmentView['usedBy'][number];
export const useWords = {
  broadcast: 'segment.use.broadcast',
  series: 'segment.use.series',
  segment: 'segment.use.segment',
} as const satisfies Record<UsedBy['kind'], PlainKey>;
export const addressOfUse = ({ kind, id }: UsedBy): string =>
  addressOf({ broadcast: 'broadcasts', series: 'series', segment: 'segments' }[kind], id);

export type FieldView = Answer<typeof segmentApi.fields>['fields'][number];

const fieldWords = {
  'contact.type': 'segment.f.contact.type',
  'contact.gender': 'segment.f.contact.gender',
  'contact.corp_name': 'segment.f.contact.corp_name',
  'follow.member': 'segment.f.follow.member',
  'follow.added': 'segment.f.follow.added',
  'follow.add_way': 'segment.f.follow.add_way',
  'follow.channel': 'segment.f.follow.channel',
  'follow.tag': 'segment.f.follow.tag',
  'follow.removed_by_contact': 'segment.f.follow.removed_by_contact',
  'contact.opted_out': 'segment.f.contact.opted_out',
  'binding.bound': 'segment.f.binding.bound',
  'binding.role': 'segment.f.binding.role',
  'customer.kind': 'segment.f.customer.kind',
  'customer.stage': 'segment.f.customer.stage',
  'customer.grade': 'segment.f.customer.grade',
  'customer.source': 'segment.f.customer.source',
  'customer.region': 'segment.f.customer.region',
  'customer.industry': 'segment.f.customer.industry',
  'customer.owner': 'segment.f.customer.owner',
  'customer.created': 'segment.f.customer.created',
  'rfm.recency': 'segment.f.rfm.recency',
  'rfm.frequency': 'segment.f.rfm.frequency',
  'rfm.monetary': 'segment.f.rfm.monetary',
  'score.value': 'segment.f.score.value',
  'chat.last_message': 'segment.f.chat.last_message',
  'chat.replied': 'segment.f.chat.replied',
  'task.promise_open': 'segment.f.task.promise_open',
  'opportunity.open': 'segment.f.opportunity.open',
  'broadcast.received': 'segment.f.broadcast.received',
  'broadcast.replied': 'segment.f.broadcast.replied',
  'broadcast.any_received': 'segment.f.broadcast.any_received',
  'list.member': 'segment.f.list.member',
} as const satisfies Record<SegmentField, PlainKey>;

const operatorWords = {
  is_any: 'segment.op.is_any',
  is_none: 'segment.op.is_none',
  is_set: 'segment.op.is_set',
  is_not_set: 'segment.op.is_not_set',
  equals: 'segment.op.equals',
  contains: 'segment.op.contains',
  starts_with: 'segment.op.starts_with',
  at_least: 'segment.op.at_least',
  at_most: 'segment.op.at_most',
  between: 'segment.op.between',
  before: 'segment.op.before',
  after: 'segment.op.after',
  within_days: 'segment.op.within_days',
  not_within_days: 'segment.op.not_within_days',
  ever: 'segment.op.ever',
  never: 'segment.op.never',
  yes: 'segment.op.yes',
  no: 'segment.op.no',
} as const satisfies Record<Operator, PlainKey>;

/** Values the pages have words for, by field; the others carry the company's. */
const valueWords: Readonly<Record<string, Readonly<Record<string, PlainKey>>>> = {
  'contact.type': { messenger: 'segment.v.messenger', colleague: 'segment.v.colleague' },
  'contact.gender': { 0: 'segment.v.gender0', 1: 'segment.v.gender1', 2: 'segment.v.gender2' },
  'customer.kind': { organisation: 'kind.organisation', person: 'kind.person' },
  'customer.stage': {
    new: 'stage.new',
    contacted: 'stage.contacted',
    qualified: 'stage.qualified',
    quoted: 'stage.quoted',
    won: 'stage.won',
    lost: 'stage.lost',
  },
  'binding.role': {
    decision_maker: 'role.decision_maker',
    user: 'role.user',
    influencer: 'role.influencer',
    buyer: 'role.buyer',
    other: 'role.other',
  },
};

const groupWords = {
  contact: 'segment.group.contact',
  follow: 'segment.group.follow',
  customer: 'segment.group.customer',
  value: 'segment.group.value',
  behaviour: 'segment.group.behaviour',
  broadcast: 'segment.group.broadcast',
  custom: 'segment.group.custom',
} as const satisfies Record<string, PlainKey>;
export type FieldGroup = keyof typeof groupWords;
export const fieldGroups = Object.keys(groupWords) as FieldGroup[];
export const groupWord = (group: FieldGroup): string => t(groupWords[group]);

const groupOfRoom: Readonly<Record<string, FieldGroup>> = {
  contact: 'contact',
  binding: 'contact',
  follow: 'follow',
  customer: 'customer',
  rfm: 'value',
  score: 'value',
  chat: 'behaviour',
  task: 'behaviour',
  opportunity: 'behaviour',
  broadcast: 'broadcast',
  list: 'broadcast',
};
export const groupOf = (field: string): FieldGroup => groupOfRoom[field.split('.')[0] ?? ''] ?? 'custom';

const has = <Words extends object>(words: Words, word: string): word is keyof Words & string =>
  Object.prototype.hasOwnProperty.call(words, word);

export function fieldWord(field: string, known: readonly FieldView[] = []): string {
  const label = known.find((one) => one.field === field)?.label;
  if (label) return label;
  return has(fieldWords, field) ? t(fieldWords[field]) : t('segment.unknownField', { field });
}
export const operatorWord = (operator: string): string =>
  has(operatorWords, operator) ? t(operatorWords[operator]) : operator;

export function valueWord(field: string, value: string | number): string | null {
  const key = valueWords[field]?.[String(value)];
  return key ? t(key) : null;
}

export const typeOf = (field: string, known: readonly FieldView[]): FieldType | null =>
  known.find((one) => one.field === field)?.type ?? null;
