import type {
  Audience,
  BroadcastState,
  BroadcastView,
  CheckItem,
  ExclusionReason,
} from '#server/broadcast/broadcast-api.ts';
import type { ResultView } from '#server/broadcast/results-api.ts';
import { broadcastEn } from '#miniapp/i18n/broadcast-en.ts';
import { broadcastZhCN } from '#miniapp/i18n/broadcast-zh-CN.ts';
import { learnWords, type PlainKey } from '#miniapp/i18n/i18n.ts';

learnWords({ 'zh-CN': broadcastZhCN, en: broadcastEn });

export const steps = ['audience', 'content', 'check', 'results'] as const;
export type Step = (typeof steps)[number];

export const stateWords = {
  draft: 'cast.state.draft',
  freezing: 'cast.state.freezing',
  awaiting_approval: 'cast.state.awaiting_approval',
  scheduled: 'cast.state.scheduled',
  sending: 'cast.state.sending',
  running: 'cast.state.running',
  finished: 'cast.state.finished',
  cancelled: 'cast.state.cancelled',
} as const satisfies Record<BroadcastState, PlainKey>;
export const states = Object.keys(stateWords) as BroadcastState[];

export const ruleWords = {
  last_chat: 'cast.rule.last_chat',
  owner: 'cast.rule.owner',
  first_added: 'cast.rule.first_added',
} as const satisfies Record<Audience['senderRule'], PlainKey>;

export const outWords = {
  opted_out: 'cast.out.opted_out',
  removed_us: 'cast.out.removed_us',
  no_sender: 'cast.out.no_sender',
  sender_unready: 'cast.out.sender_unready',
  person_opted_out: 'cast.out.person_opted_out',
  duplicate_person: 'cast.out.duplicate_person',
  overlapping: 'cast.out.overlapping',
  cap_day: 'cast.out.cap_day',
  cap_week: 'cast.out.cap_week',
  cap_month: 'cast.out.cap_month',
  fatigue: 'cast.out.fatigue',
  quiet_hours: 'cast.out.quiet_hours',
} as const satisfies Record<ExclusionReason, PlainKey>;
export const outReasons = Object.keys(outWords) as ExclusionReason[];

export const memberWords = {
  planned: 'cast.member.planned',
  unsure: 'cast.member.unsure',
  waiting: 'cast.member.waiting',
  part: 'cast.member.part',
  confirmed: 'cast.member.confirmed',
  cancelled: 'cast.member.cancelled',
  failed: 'cast.member.failedState',
} as const satisfies Record<ResultView['members'][number]['state'], PlainKey>;

type Row = 'audience' | 'content' | 'words' | 'time' | 'test' | 'holdOut';
export const rowWords = {
  audience: 'cast.row.audience',
  content: 'cast.row.content',
  words: 'cast.row.words',
  time: 'cast.row.time',
  test: 'cast.row.test',
  holdOut: 'cast.row.holdOut',
} as const satisfies Record<Row, PlainKey>;
export const rows = Object.keys(rowWords) as Row[];

/** Which line of the checklist says it, and which step mends it. */
export const rowOf = {
  segment_missing: 'audience',
  segment_empty: 'audience',
  nobody_left: 'audience',
  text_empty: 'content',
  text_too_long: 'content',
  variable_unknown: 'content',
  attachments_too_many: 'content',
  material_missing: 'content',
  file_too_large: 'content',
  shares_sum: 'content',
  word_forbidden: 'words',
  word_risky: 'words',
  send_at_past: 'time',
  quiet_hours: 'time',
  not_tested: 'test',
  hold_out_small: 'holdOut',
} as const satisfies Record<CheckItem['code'], Row>;
export const stepOfRow = {
  audience: 'audience',
  content: 'content',
  words: 'content',
  time: 'check',
  test: 'check',
  holdOut: 'audience',
} as const satisfies Record<Row, Step>;

/** Where somebody who opens it lands. */
export function firstStep({ state, startedAt }: Pick<BroadcastView, 'state' | 'startedAt'>): Step {
  if (state === 'draft') return 'audience';
  return startedAt ? 'results' : 'check';
}
