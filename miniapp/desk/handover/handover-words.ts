import type { HandoverView, KindCounts } from '#server/handover/handover-api.ts';
import { t, type MessageKey } from '#miniapp/i18n/i18n.ts';

export type Kind = keyof KindCounts;
export const kindWords = {
  contact: 'handover.contact',
  customer: 'handover.customer',
  opportunity: 'handover.opportunity',
  task: 'handover.task',
  approval: 'handover.approval',
} as const satisfies Record<Kind, MessageKey>;
export const kinds = Object.keys(kindWords) as Kind[];

export const stateWords = {
  draft: 'handover.state.draft',
  asked: 'handover.state.asked',
  rejected: 'handover.state.rejected',
  running: 'handover.state.running',
  done: 'handover.state.done',
  partly: 'handover.state.partly',
  withdrawn: 'handover.state.withdrawn',
} as const satisfies Record<HandoverView['state'], MessageKey>;

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
