import type { HandoverItemView, HandoverView, ItemReason, KindCounts } from '#server/handover/handover-api.ts';
import { t, type MessageKey } from '#miniapp/i18n/i18n.ts';

export type Kind = keyof KindCounts;
export const kinds: readonly Kind[] = ['contact', 'customer', 'opportunity', 'task', 'approval'];

export const kindWords = {
  contact: 'handover.contact',
  customer: 'handover.customer',
  opportunity: 'handover.opportunity',
  task: 'handover.task',
  approval: 'handover.approval',
} as const satisfies Record<Kind, MessageKey>;

export const stateWords = {
  draft: 'handover.state.draft',
  asked: 'handover.state.asked',
  rejected: 'handover.state.rejected',
  running: 'handover.state.running',
  done: 'handover.state.done',
  partly: 'handover.state.partly',
  withdrawn: 'handover.state.withdrawn',
} as const satisfies Record<HandoverView['state'], MessageKey>;

export const itemWords = {
  planned: 'handover.item.planned',
  asking: 'handover.item.asking',
  waiting: 'handover.item.waiting',
  done: 'handover.item.done',
  refused: 'handover.item.refused',
  failed: 'handover.item.failed',
  kept: 'handover.item.kept',
} as const satisfies Record<HandoverItemView['state'], MessageKey>;

export const reasonWords = {
  unknown_contact: 'handover.why.unknown_contact',
  not_followed: 'handover.why.not_followed',
  under_way: 'handover.why.under_way',
  too_often: 'handover.why.too_often',
  taker_full: 'handover.why.taker_full',
  taker_unready: 'handover.why.taker_unready',
  giver_here: 'handover.why.giver_here',
  giver_blocked: 'handover.why.giver_blocked',
  dormant: 'handover.why.dormant',
  other: 'handover.why.other',
  refused_by_contact: 'handover.why.refused_by_contact',
  member_unknown: 'handover.why.member_unknown',
  right_missing: 'handover.why.right_missing',
  no_record: 'handover.why.no_record',
  no_transfers: 'handover.why.no_transfers',
  giver_no_account: 'handover.why.giver_no_account',
  taker_no_account: 'handover.why.taker_no_account',
  taker_no_contacts: 'handover.why.taker_no_contacts',
  taker_left: 'handover.why.taker_left',
  contact_pending: 'handover.why.contact_pending',
  contact_removed: 'handover.why.contact_removed',
  not_givers: 'handover.why.not_givers',
  in_other_handover: 'handover.why.in_other_handover',
  own_request: 'handover.why.own_request',
  withdrawn: 'handover.why.withdrawn',
} as const satisfies Record<ItemReason, MessageKey>;

const deeds: Record<string, MessageKey> = {
  created: 'handover.did.created',
  edited: 'handover.did.edited',
  asked: 'handover.did.asked',
  rejected: 'handover.did.rejected',
  taken_back: 'handover.did.taken_back',
  started: 'handover.did.started',
  withdrawn: 'handover.did.withdrawn',
  retried: 'handover.did.retried',
  finished: 'handover.did.finished',
};
export const deedOf = (action: string): string => {
  const key = deeds[action];
  return key ? (t as (key: MessageKey) => string)(key) : action;
};

/** 3 位联系人 · 1 个客户 */
export function listed(counts: KindCounts): string {
  const parts = kinds.filter((kind) => counts[kind] > 0).map((kind) => `${t(kindWords[kind])} ${counts[kind]}`);
  return parts.length > 0 ? parts.join(' · ') : t('handover.nothing');
}

export const sum = (counts: KindCounts): number => kinds.reduce((total, kind) => total + counts[kind], 0);
