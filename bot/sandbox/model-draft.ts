import { z } from 'zod';
import { jsonIn } from './stage.ts';

/** One condition as the prompt for drafting a segment asks for it. */
interface Condition {
  field: string;
  operator: string;
  value: string | number | string[] | null;
  words: string;
}

interface Pattern {
  words: RegExp;
  read(match: RegExpExecArray): Omit<Condition, 'words'>;
}

const days = '(?:最近|近|过去)\\s*(\\d+)\\s*天(?:内|里)?';
const within = (field: string, operator: string) => (match: RegExpExecArray) => ({
  field,
  operator,
  value: Number(match[1]),
});
const choice = (field: string, value: string) => () => ({ field, operator: 'is_any', value: [value] });
const answer = (field: string, operator: string) => () => ({ field, operator, value: null });

const places =
  '北京|上海|天津|重庆|广州|深圳|杭州|南京|苏州|成都|武汉|西安|青岛|宁波|厦门|长沙|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆';

/** What the stand-in understands, the narrower first. */
const patterns: readonly Pattern[] = [
  {
    words: new RegExp(`${days}(?:都|也)?(?:没有|没|未)(?:再)?(?:联系|沟通|聊)过?`),
    read: within('chat.last_message', 'not_within_days'),
  },
  {
    words: new RegExp(`${days}(?:都|也)?(?:没有|没|未)(?:再)?(?:回复|说话|回消息)过?`),
    read: within('chat.replied', 'not_within_days'),
  },
  { words: new RegExp(`${days}(?:有)?(?:联系|沟通|聊)过?`), read: within('chat.last_message', 'within_days') },
  { words: new RegExp(`${days}(?:有)?(?:回复|回消息)过?`), read: within('chat.replied', 'within_days') },
  { words: new RegExp(`${days}(?:新)?(?:添加|加)(?:好友)?`), read: within('follow.added', 'within_days') },
  {
    words: new RegExp(`${days}(?:没有|没|未)(?:收到)?群发`),
    read: within('broadcast.any_received', 'not_within_days'),
  },
  {
    words: /([A-Da-d])\s*(?:级|类)/,
    read: (match) => ({ field: 'customer.grade', operator: 'is_any', value: [(match[1] ?? '').toUpperCase()] }),
  },
  {
    words: /(?:评分|分数|意向分)(?:在|超过|大于|高于|不低于)?\s*(\d+)\s*分?(?:以上|及以上)?/,
    read: within('score.value', 'at_least'),
  },
  {
    words: /(?:消费|成交|购买)(?:金额)?(?:超过|大于|满|不低于)\s*(\d+(?:\.\d+)?)\s*(万?)\s*元?/,
    read: (match) => ({
      field: 'rfm.monetary',
      operator: 'at_least',
      value: Number(match[1]) * (match[2] === '万' ? 10_000 : 1),
    }),
  },
  { words: /(?:没有|没|未)退订|可以群发/, read: answer('contact.opted_out', 'no') },
  { words: /已退订|退订了/, read: answer('contact.opted_out', 'yes') },
  { words: /已成交|赢单|成交客户/, read: choice('customer.stage', 'won') },
  { words: /已报价|报过价|报价阶段/, read: choice('customer.stage', 'quoted') },
  { words: /已流失|输单/, read: choice('customer.stage', 'lost') },
  { words: /新客户/, read: choice('customer.stage', 'new') },
  { words: /企业客户|公司客户/, read: choice('customer.kind', 'organisation') },
  { words: /个人客户/, read: choice('customer.kind', 'person') },
  { words: /决策人/, read: choice('binding.role', 'decision_maker') },
  { words: /有商机|商机进行中/, read: answer('opportunity.open', 'yes') },
  { words: /有(?:未兑现的)?承诺/, read: answer('task.promise_open', 'yes') },
  {
    words: new RegExp(`(${places})(?:省|市)?`),
    read: (match) => ({ field: 'customer.region', operator: 'is_any', value: [match[1] ?? ''] }),
  },
];

const filler = /[的且并和与及或在有了、，,。；;\s]|客户|联系人|标签|用户|那些|所有|排除|不要|级别|地区|来自|打了|带有/g;

/** The sentence of a prompt that asks for the draft of a segment; null when it asks for something else. */
export function sentenceIn(user: string): string | null {
  const told = /<sentence>\n(.*)\n<\/sentence>/.exec(user)?.[1];
  if (told === undefined) return null;
  const said = z.object({ said: z.string() }).safeParse(jsonIn(Buffer.from(`{"said":${told}}`)));
  return said.success ? said.data.said : null;
}

/** Reads the few phrases above and the names of tags; says of the rest that it did not understand it. */
export function draftOf(
  sentence: string,
  tags: readonly string[],
): { all: { any: Condition[] }[]; notUnderstood: string[] } {
  const found: Condition[] = [];
  const notUnderstood = sentence.split(/[，,。；;]/).flatMap((clause) => {
    let rest = clause;
    const take = (words: string, condition: Omit<Condition, 'words'>) => {
      found.push({ ...condition, words });
      rest = rest.replace(words, '');
    };
    for (const { words, read } of patterns) {
      for (let match = words.exec(rest); match; match = words.exec(rest)) take(match[0], read(match));
    }
    for (const tag of tags.filter((name) => name.length > 1).toSorted((a, b) => b.length - a.length)) {
      if (!rest.includes(tag)) continue;
      const isLeftOut = new RegExp(`(?:没有|不要|排除|不带|未打)[^，]{0,3}${escaped(tag)}`).exec(rest);
      take(isLeftOut?.[0] ?? tag, { field: 'follow.tag', operator: isLeftOut ? 'is_none' : 'is_any', value: [tag] });
    }
    return rest.replace(filler, '').length >= 2 ? [clause.trim()] : [];
  });
  return { all: found.map((condition) => ({ any: [condition] })), notUnderstood };
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
