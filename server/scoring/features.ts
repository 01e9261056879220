import { signalKinds, type SignalKind } from '#server/summary/summary-answer.ts';
import type { featureGroups } from './model-api.ts';

/**
 * What a contact is known by at a moment, in the order a vector holds it. Gender and region are none of them, and nothing
 * here may be worked out of them (a test swaps them and looks).
 *
 * A model learns from the past, so a feature is what was known then: everything comes from rows with a time. Left out,
 * because it can know the outcome:
 * - the stage of the customer: won is the outcome itself (the stage of an open sale is taken, as its history tells it);
 * - an open sale's amount, discount and facts: filled in while it is being won;
 * - custom fields: a contract's number is there because there is a contract;
 * - the company a rep noted beside the name: nobody knows since when it stands there;
 * - tasks, approvals, notes and handovers: what the company does because it expects to win.
 * Without a history and yet taken, because the messenger tells it and no sale changes it: company, position and kind of
 * the account.
 */
export type FeatureKey =
  | 'company'
  | 'position'
  | 'account'
  | 'bound'
  | 'role'
  | 'grade'
  | 'customerKind'
  | 'industry'
  | 'customerDays'
  | 'addedDays'
  | 'colleagues'
  | 'removed'
  | 'tags'
  | 'theirs7'
  | 'theirs30'
  | 'ours7'
  | 'ours30'
  | 'silentDays'
  | 'ourSilentDays'
  | 'activeDays30'
  | 'replyMinutes'
  | 'unansweredDays'
  | 'nightShare'
  | 'broadcasts'
  | 'broadcastReplies'
  | 'openStage'
  | 'lostSales'
  | 'recency'
  | 'frequency'
  | 'monetary'
  | `signal.${SignalKind}`
  | 'addWay'
  | 'channel'
  | 'source'
  | 'weekday'
  | 'month';

interface Common {
  key: FeatureKey;
  group: (typeof featureGroups)[number];
  /** What a reason points at: a field, or the newest message that says so. */
  pointer: { field: string } | { signal: SignalKind };
}
/** NaN is not known. */
export interface NumberFeature extends Common {
  kind: 'number';
  /** A reason's words. */
  text(value: number | null): string;
}
/** One of a few words, known beforehand. */
export interface WordFeature extends Common {
  kind: 'word';
  words: readonly string[];
  text(word: string | null): string;
}
/** A word of the company's own; which there are is part of the model that learned them. */
export interface OpenWordFeature extends Common {
  kind: 'open';
  text(word: string | null): string;
}
export type Feature = NumberFeature | WordFeature | OpenWordFeature;

const count = (words: (value: number) => string, none: string) => (value: number | null) =>
  value ? words(value) : none;
const days = (since: string, never: string) => (value: number | null) =>
  value === null ? never : value === 0 ? `${since}：今天` : `${since}：${value} 天前`;
const yes = (is: string, isNot: string) => (value: number | null) => (value ? is : isNot);
const named = (title: string, names: Readonly<Record<string, string>>, unknown: string) => (word: string | null) =>
  word === null ? unknown : `${title}${names[word] ?? word}`;

export const signalWords: Record<SignalKind, string> = {
  asks_contract: '谈合同付款',
  asks_price: '询价',
  names_budget: '说出预算',
  agrees_to_meet: '同意见面',
  asks_trial: '要试用或演示',
  asks_delivery: '问交期',
  positive: '明确肯定',
  names_quantity: '说出数量',
  names_decision_maker: '说出决策人',
  compares_competitor: '在比较竞品',
  postpones: '推迟',
  negative: '不满或拒绝',
};

/** Best first: a contact in several roles counts by the best. */
export const roleWords = ['decision_maker', 'buyer', 'influencer', 'user', 'other'] as const;
export const gradeWords = ['A', 'B', 'C', 'D'] as const;
export const accountWords = ['messenger', 'colleague'] as const;
export const kindWords = ['organisation', 'person'] as const;
/** The furthest first. */
export const stageWords = ['negotiation', 'quoted', 'solution', 'discovery'] as const;
/** Sections of GB/T 4754. */
export const sectionWords = [...'ABCDEFGHIJKLMNOPQRST'];
const weekdayWords = ['1', '2', '3', '4', '5', '6', '7'];
const monthWords = Array.from({ length: 12 }, (_, n) => String(n + 1));

const number = (
  key: FeatureKey,
  group: Common['group'],
  field: string,
  text: NumberFeature['text'],
): NumberFeature => ({ key, group, kind: 'number', pointer: { field }, text });
const word = (
  key: FeatureKey,
  group: Common['group'],
  field: string,
  words: readonly string[],
  text: WordFeature['text'],
): WordFeature => ({ key, group, kind: 'word', pointer: { field }, words, text });

export const features: readonly Feature[] = [
  number('company', 'profile', 'contact.corpName', yes('公司已知', '公司未知')),
  number('position', 'profile', 'contact.position', yes('职位已知', '职位未知')),
  word(
    'account',
    'profile',
    'contact.type',
    accountWords,
    named('', { messenger: '个人账号', colleague: '企业账号' }, '账号类型未知'),
  ),
  number('bound', 'profile', 'binding', yes('已绑定客户档案', '未绑定客户档案')),
  word(
    'role',
    'profile',
    'binding.role',
    roleWords,
    named(
      '是',
      { decision_maker: '决策人', buyer: '采购人', influencer: '影响者', user: '使用人', other: '其他联系人' },
      '角色未知',
    ),
  ),
  word('grade', 'profile', 'customer.grade', gradeWords, named('客户等级 ', {}, '客户未定级')),
  word(
    'customerKind',
    'profile',
    'customer.kind',
    kindWords,
    named('', { organisation: '企业客户', person: '个人客户' }, '客户类型未知'),
  ),
  word('industry', 'profile', 'customer.industryCode', sectionWords, named('行业门类 ', {}, '行业未知')),
  number('customerDays', 'profile', 'customer.createdAt', days('建档', '未建档')),

  number('addedDays', 'behaviour', 'follow.addedAt', days('添加好友', '添加时间未知')),
  number(
    'colleagues',
    'behaviour',
    'follow',
    count((n) => `${n} 位同事在联系`, '没有同事在联系'),
  ),
  number('removed', 'behaviour', 'follow.state', yes('曾删除我方好友', '未删除过我方')),
  number(
    'tags',
    'behaviour',
    'follow.tags',
    count((n) => `有 ${n} 个标签`, '没有标签'),
  ),
  number(
    'theirs7',
    'behaviour',
    'conversation.messages',
    count((n) => `7 天内发来 ${n} 条消息`, '7 天内没有来信'),
  ),
  number(
    'theirs30',
    'behaviour',
    'conversation.messages',
    count((n) => `30 天内发来 ${n} 条消息`, '30 天内没有来信'),
  ),
  number(
    'ours7',
    'behaviour',
    'conversation.messages',
    count((n) => `7 天内我方发出 ${n} 条`, '7 天内我方没有发消息'),
  ),
  number(
    'ours30',
    'behaviour',
    'conversation.messages',
    count((n) => `30 天内我方发出 ${n} 条`, '30 天内我方没有发消息'),
  ),
  number('silentDays', 'behaviour', 'conversation.lastMessageAt', days('客户上次来信', '90 天内没有来信')),
  number('ourSilentDays', 'behaviour', 'conversation.lastMessageAt', days('我方上次发出', '90 天内我方没有发消息')),
  number(
    'activeDays30',
    'behaviour',
    'conversation.messages',
    count((n) => `30 天内有 ${n} 天来信`, '30 天内没有一天来信'),
  ),
  number('replyMinutes', 'behaviour', 'conversation.messages', (value) =>
    value === null ? '30 天内没有回复可计' : `平均 ${value} 分钟回复客户`,
  ),
  number(
    'unansweredDays',
    'behaviour',
    'conversation.unanswered',
    count((n) => `客户等我方回复 ${n} 天`, '没有等待回复的消息'),
  ),
  number('nightShare', 'behaviour', 'conversation.messages', (value) =>
    value === null ? '30 天内没有来信' : `来信 ${Math.round(100 * value)}% 在夜间`,
  ),
  number(
    'broadcasts',
    'behaviour',
    'broadcast.received',
    count((n) => `90 天内收到 ${n} 次群发`, '90 天内没有收到群发'),
  ),
  number(
    'broadcastReplies',
    'behaviour',
    'broadcast.replied',
    count((n) => `回复过 ${n} 次群发`, '没有回复过群发'),
  ),

  word(
    'openStage',
    'value',
    'opportunity.stage',
    stageWords,
    named(
      '商机在',
      { discovery: '需求发现', solution: '方案', quoted: '报价', negotiation: '谈判' },
      '没有进行中的商机',
    ),
  ),
  number(
    'lostSales',
    'value',
    'opportunity.stage',
    count((n) => `输过 ${n} 个商机`, '没有输过商机'),
  ),
  number('recency', 'value', 'opportunity.stageAt', days('上次成交', '没有成交过')),
  number(
    'frequency',
    'value',
    'opportunity.stage',
    count((n) => `一年内成交 ${n} 次`, '一年内没有成交'),
  ),
  number(
    'monetary',
    'value',
    'opportunity.amountFen',
    count((n) => `一年内成交 ${Math.round(n)} 元`, '一年内没有成交额'),
  ),

  ...signalKinds.map((kind): NumberFeature => ({
    key: `signal.${kind}`,
    group: 'conversation',
    kind: 'number',
    pointer: { signal: kind },
    text: (value) =>
      !value ? `60 天内没有${signalWords[kind]}` : value > 1 ? `${signalWords[kind]}×${value}` : signalWords[kind],
  })),

  {
    key: 'addWay',
    group: 'source',
    kind: 'open',
    pointer: { field: 'follow.addWay' },
    text: named('添加方式 ', {}, '添加方式未知'),
  },
  {
    key: 'channel',
    group: 'source',
    kind: 'open',
    pointer: { field: 'follow.channel' },
    text: named('渠道 ', {}, '不经渠道添加'),
  },
  {
    key: 'source',
    group: 'source',
    kind: 'open',
    pointer: { field: 'customer.source' },
    text: named('来源：', {}, '来源未知'),
  },

  word('weekday', 'time', 'time.weekday', weekdayWords, (value) =>
    value === null ? '星期' : `星期${'一二三四五六日'[Number(value) - 1] ?? ''}`,
  ),
  word('month', 'time', 'time.month', monthWords, (value) => `${value ?? ''} 月`),
];

export const featureOf: ReadonlyMap<string, Feature> = new Map(features.map((feature) => [feature.key, feature]));

/** How far back messages are looked at; broadcasts too. */
export const MESSAGE_DAYS = 90;
/** What was said longer ago says nothing about now. */
export const SIGNAL_DAYS = 60;
