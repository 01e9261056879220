const TOKEN_CHARS_MAX = 40;
/** Of one lexeme, and of one vector: https://www.postgresql.org/docs/current/textsearch-limits.html */
const POSITIONS_MAX = 255;
const POSITION_MAX = 16_383;

const script = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}`;
/** A run of a script without spaces, a number with its decimals, or a word. */
const runs = new RegExp(String.raw`[${script}々ー]+|\d+(?:\.\d+)*|(?:(?![${script}\d])[\p{L}\p{M}])+`, 'gu');
const isSpaceless = new RegExp(`^[${script}]`, 'u');

/** Full width and half width, upper and lower case are one; traditional characters stay what they are. */
export function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/(?<=\d),(?=\d{3})/g, '');
}

/** Characters alone and in pairs where words have no spaces between them; whole words and numbers elsewhere. */
export function tokensOf(text: string): string[] {
  return [...normalise(text).matchAll(runs)].flatMap(([run]) => {
    if (!isSpaceless.test(run)) return [[...run].slice(0, TOKEN_CHARS_MAX).join('')];
    const letters = [...run];
    return letters.flatMap((letter, at) => [letter, ...(at + 1 < letters.length ? [letter + letters[at + 1]] : [])]);
  });
}

/** As PostgreSQL writes a tsvector: A weighs what stands above the text, D what stands in it. Tokens hold letters and digits only, so nothing in them needs escaping. */
export function tsvectorOf({ above, text }: { above: string; text: string }): string {
  const places = new Map<string, string[]>();
  const all = [
    ...tokensOf(above).map((token) => ({ token, weight: 'A' })),
    ...tokensOf(text).map((token) => ({ token, weight: 'D' })),
  ];
  for (const [at, { token, weight }] of all.entries()) {
    const of = places.get(token) ?? [];
    if (of.length < POSITIONS_MAX) of.push(`${Math.min(at + 1, POSITION_MAX)}${weight}`);
    places.set(token, of);
  }
  return [...places].map(([token, at]) => `'${token}':${at.join(',')}`).join(' ');
}

export interface Asked {
  /** As PostgreSQL writes a tsquery. */
  query: string;
  /** How much it counts, beside how rare it is. */
  weight: number;
  /** Finds a passage by itself; what is not only adds to what was found. */
  finds: boolean;
}

/** Say nothing of what is asked for. Longer first. */
const filler =
  /你们公司|我们公司|请问一下|麻烦|请问|你们|我们|您们|一下|大概|大约|差不多|怎么样|是不是|能不能|可不可以|有没有|什么|怎么|如何|哪个|哪些|可以|需要|想要|想问|谢谢|您好|你好|[的了吗呢吧啊呀哦嗯么您你我他她是在有和与及]/gu;

/** What customers and price lists call the same thing, each in their own words. */
const sameThings: readonly (readonly string[])[] = [
  ['多少钱', '什么价', '价钱', '价格', '报价', '费用', '收费', '售价', '单价', '元', '怎么卖'],
  ['一年', '每年', '年费', '按年', '包年'],
  ['一个月', '每月', '月费', '按月', '包月'],
  ['便宜', '优惠', '折扣', '打折', '让利'],
  ['试用', '体验', '试一试', '免费用'],
  ['多久', '多长时间', '几天', '周期', '工期', '交期', '工作日'],
  ['发票', '开票', '专票', '普票', '增值税'],
  ['付款', '支付', '分期', '预付', '打款', '账期'],
  ['退款', '退货', '退换', '不满意'],
  ['私有化', '本地部署', '私有部署', '部署在自己', '自己的服务器'],
  ['对接', '集成', '打通', '接口', 'api'],
  ['安全', '保密', '加密', '等保', '泄露', '数据合规'],
  ['培训', '教学', '上手', '怎么用'],
  ['售后', '维护', '服务支持', '质保', '保修', '坏了'],
  ['合同', '协议', '签约'],
  ['案例', '同行', '客户名单', '谁在用'],
  ['升级', '扩容', '加人', '增加人数'],
];

const SINGLE = 0.25;
const WORD = 1.5;
const SAME_THING = 0.5;
const ASKED_MAX = 120;

/** What to look for: each token once, with what means the same at half its weight. */
export function askedIn(question: string): Asked[] {
  const asked = normalise(question);
  const all = new Map<string, Asked>();
  for (const token of tokensOf(asked.replaceAll(filler, ' '))) {
    const query = `'${token}'`;
    all.set(query, { query, weight: weightOf(token), finds: !isSingle(token) });
  }
  for (const things of sameThings.filter((each) => each.some((thing) => asked.includes(thing)))) {
    for (const query of things.map(phrase))
      if (!all.has(query)) all.set(query, { query, weight: SAME_THING, finds: true });
  }
  return [...all.values()].slice(0, ASKED_MAX);
}

const isSingle = (token: string) => isSpaceless.test(token) && [...token].length === 1;

function weightOf(token: string): number {
  if (!isSpaceless.test(token)) return WORD;
  return isSingle(token) ? SINGLE : 1;
}

/** The pairs of a word, one behind the other: between two of them stands the single character they share. */
function phrase(word: string): string {
  const tokens = tokensOf(word);
  const pairs = tokens.filter((token) => !isSingle(token));
  return (pairs.length > 0 ? pairs : tokens).map((token) => `'${token}'`).join(' <2> ');
}
