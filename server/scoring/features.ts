import { signalKinds, type SignalKind } from '#server/summary/summary-answer.ts';
import type { featureGroups } from './model-api.ts';
import { said, saidOften, type Said } from './said.ts';

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
  say(value: number | null): Said;
}
/** One of a few words, known beforehand. */
export interface WordFeature extends Common {
  kind: 'word';
  words: readonly string[];
  say(word: string | null): Said;
}
/** A word of the company's own; which there are is part of the model that learned them. */
export interface OpenWordFeature extends Common {
  kind: 'open';
  say(word: string | null): Said;
}
export type Feature = NumberFeature | WordFeature | OpenWordFeature;

/** A word a model never met is told as this one: it counts as any rare word. */
export const STRANGE = '\0';

type Says<Value> = (key: FeatureKey) => (value: Value | null) => Said;

const count =
  (words: (value: number) => string, none: string): Says<number> =>
  (key) =>
  (value) =>
    value ? said(key, words(value), { n: value }) : said(`${key}.none`, none);
const days =
  (since: string, never: string): Says<number> =>
  (key) =>
  (value) => {
    if (value === null) return said(`${key}.none`, never);
    return value === 0 ? said(`${key}.today`, `${since}：今天`) : said(key, `${since}：${value} 天前`, { n: value });
  };
const yes =
  (is: string, isNot: string): Says<number> =>
  (key) =>
  (value) =>
    value ? said(key, is) : said(`${key}.none`, isNot);
const named =
  (title: string, names: Readonly<Record<string, string>>, unknown: string): Says<string> =>
  (key) =>
  (word) => {
    if (word === null) return said(`${key}.none`, unknown);
    if (word === STRANGE) return said(`${key}.strange`, `${title}其他`);
    return Object.hasOwn(names, word)
      ? said(`${key}.${word}`, `${title}${names[word]}`)
      : said(key, `${title}${word}`, { word });
  };

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
const weekdayNames = Object.fromEntries([...'一二三四五六日'].map((name, day) => [String(day + 1), name]));
const monthWords = Array.from({ length: 12 }, (_, n) => String(n + 1));

const number = (key: FeatureKey, group: Common['group'], field: string, says: Says<number>): NumberFeature => ({
  key,
  group,
  kind: 'number',
  pointer: { field },
  say: says(key),
});
const word = (
  key: FeatureKey,
  group: Common['group'],
  field: string,
  words: readonly string[],
  says: Says<string>,
): WordFeature => ({ key, group, kind: 'word', pointer: { field }, words, say: says(key) });
const open = (key: FeatureKey, field: string, says: Says<string>): OpenWordFeature => ({
  key,
  group: 'source',
  kind: 'open',
  pointer: { field },
  say: says(key),
});

export const inYuan = (yuan: number): string => Math.round(yuan).toLocaleString('en-US');

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
  number(
    'replyMinutes',
    'behaviour',
    'conversation.messages',
    (key) => (value) =>
      value === null
        ? said(`${key}.none`, '30 天内没有回复可计')
        : said(key, `平均 ${value} 分钟回复客户`, { n: value }),
  ),
  number(
    'unansweredDays',
    'behaviour',
    'conversation.unanswered',
    count((n) => `客户等我方回复 ${n} 天`, '没有等待回复的消息'),
  ),
  number('nightShare', 'behaviour', 'conversation.messages', (key) => (value) => {
    if (value === null) return said(`${key}.none`, '30 天内没有来信');
    const share = Math.round(100 * value);
    return said(key, `来信 ${share}% 在夜间`, { share });
  }),
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
    (key) => (value) =>
      value
        ? said(key, `一年内成交 ${inYuan(value)} 元`, { yuan: Math.round(value) })
        : said(`${key}.none`, '一年内没有成交额'),
  ),

  ...signalKinds.map((kind): NumberFeature => ({
    key: `signal.${kind}`,
    group: 'conversation',
    kind: 'number',
    pointer: { signal: kind },
    say: (value) =>
      value
        ? saidOften(`signal.${kind}`, signalWords[kind], value)
        : said(`signal.${kind}.none`, `60 天内没有${signalWords[kind]}`),
  })),

  open('addWay', 'follow.addWay', named('添加方式 ', {}, '添加方式未知')),
  open('channel', 'follow.channel', named('渠道 ', {}, '不经渠道添加')),
  open('source', 'customer.source', named('来源：', {}, '来源未知')),

  word('weekday', 'time', 'time.weekday', weekdayWords, named('星期', weekdayNames, '星期未知')),
  word('month', 'time', 'time.month', monthWords, (key) => (word) => {
    if (word === null || word === STRANGE) return said(`${key}.none`, '月份未知');
    return said(key, `${word} 月`, { word });
  }),
];

export const featureOf: ReadonlyMap<string, Feature> = new Map(features.map((feature) => [feature.key, feature]));

/** How far back messages are looked at; broadcasts too. */
export const MESSAGE_DAYS = 90;
/** What was said longer ago says nothing about now. */
export const SIGNAL_DAYS = 60;
