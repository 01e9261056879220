import { dateOf, dayOf, instantOf } from '#server/base/shanghai.ts';
import { resolveDuePhrase } from '#server/task/due-phrase.ts';

/** A message a statement cites. */
export interface Said {
  text: string;
  at: Date;
}

export interface Proof {
  isProven: boolean;
  /** What no message says letter by letter and code worked out from what they say, as it stands in the text. */
  computed: string[];
}

/**
 * Whether every number, date, amount, share, phone and name in `text` is in what was said, in whatever form: 二十万 and
 * 200,000, 周五 and 3月6日. What can be worked out from what was said (a resolved day, a sum, a product) is told apart.
 * `names` are those the record knows. A suggestion may name a day nobody spoke of (今天答复), as long as it has no number.
 */
export function proveFacts(
  text: string,
  said: readonly Said[],
  { names = [], isSuggestion = false }: { names?: readonly string[]; isSuggestion?: boolean } = {},
): Proof {
  const sources = said.map(({ text: from, at }) => ({ text: from.normalize('NFKC'), at }));
  const all = sources.map((source) => source.text).join('\n');
  const claims = claimsIn(text.normalize('NFKC'));
  const computed: string[] = [];
  const isProven =
    claims.times.every((phrase) => {
      if (isSuggestion && !/[\d一二三四五六七八九十]/.test(phrase.replace(weekdayWord, ''))) return true;
      if (sources.some((source) => saysTime(source.text, phrase))) return true;
      if (!sources.some((source) => meansTime(source, phrase))) return false;
      computed.push(phrase);
      return true;
    }) &&
    claims.parts.every((part) => isPartSaid(part, partsIn(all), computed)) &&
    claims.phones.every((phone) => digitsOf(all).some((run) => run.includes(phone))) &&
    claims.words.every(
      (word) => squeezed(all).includes(squeezed(word)) || names.some((name) => squeezed(name).includes(squeezed(word))),
    ) &&
    claims.persons.every((person) => isKnownPerson(person, all, names)) &&
    provenNumbers(claims.numbers, all, computed);
  return { isProven, computed: isProven ? [...new Set(computed)] : [] };
}

interface Claims {
  times: string[];
  /** Quarters and halves of a year. */
  parts: string[];
  phones: string[];
  /** Names of products, companies and works: whatever must be said as it is. */
  words: string[];
  persons: string[];
  numbers: Quantity[];
}

/** Each kind is taken out of the text before the next is looked for: the 3 of 3月 is no number of its own. */
function claimsIn(text: string): Claims {
  let rest = text;
  const take = (pattern: RegExp, isClaim: (found: string) => boolean = () => true): string[] => {
    const found: string[] = [];
    rest = rest.replace(pattern, (match: string) => {
      if (!isClaim(match)) return match;
      found.push(match.trim());
      return ' '.repeat(match.length);
    });
    return found;
  };
  const works = take(/[《「“"]([^》」”"]{1,40})[》」”"]/g).map((found) => found.slice(1, -1));
  const parts = take(partOfYear, (found) => partNamed(found) !== null);
  const times = take(timePhrase);
  const phones = take(/(?<![\d.,¥$])\+?\d(?:[ -]?\d){6,}(?![\d.]|\s?[元块万美])/g, (found) => !/\d,\d/.test(found)).map(
    (found) => found.replace(/\D/g, ''),
  );
  const words = take(
    /[A-Za-z][A-Za-z0-9+.#_-]*[A-Za-z0-9+#]|\d+[A-Za-z][A-Za-z0-9-]*/g,
    (found) => !/^\d+[kw]$/i.test(found),
  );
  const isName = (found: string) => !commonWord.test(found);
  const persons = [...take(titledPerson), ...take(namedPerson, isName), ...take(deciding, isName)];
  const firms = take(/[一-龥]{2}(?:有限公司|集团|股份)/g);
  return {
    times,
    parts,
    phones,
    words: [...works, ...words, ...firms],
    persons,
    numbers: quantitiesIn(rest).filter(isClaimed),
  };
}

// Times

const D = '(?:\\d{1,2}|[一二三四五六七八九十]{1,3})';
const weekdayWord = /(?:周|星期|礼拜)[一二三四五六日天末]/g;
const part = '(?:凌晨|早上|上午|中午|下午|傍晚|晚上)';
const timePhrase = new RegExp(
  [
    `\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}`,
    `(?:(?:\\d{4}|[今明后去])年)?${D}月(?:${D}[日号]?(?!天|周|个)|份|[底初末]|[上中下]旬)`,
    `(?:\\d{4}|[今明后去])年${D}月`,
    `(?<![\\d第])${D}月(?=前|后|上线|交付|到期|开始|[,，。;；、]|$)`,
    `(?<![\\d./])\\d{1,2}/\\d{1,2}(?![\\d/.])`,
    `(?:20\\d\\d|二〇[零〇一二三四五六七八九]{2}|[今明后去])年[底初末前后]?`,
    `大?[今明后昨前](?:天|日|晚|早)|当天|当日`,
    `(?:下下|下|上|这|本)?个?(?:周|星期|礼拜)[一二三四五六日天末](?!次)`,
    `(?:下下|下|上|这|本)个?(?:周|星期|礼拜|月|季度?)(?:[初底末]|[上中下]旬|${D}[日号])?`,
    `(?<![\\d个])月[初中底末]|年[初底末]|季度末|[春中]节|国庆|元旦|五一`,
    `(?<![\\d第])${D}[日号](?![楼线店门机位])`,
    `${part}?(?<!第)${D}(?::\\d{2}|点(?!\\d+(?:万|亿|%|倍|折))(?:半|[一三]刻|${D}分?)?|时(?![间候代段期机常]|不时)(?:${D}分)?)`,
    part,
  ]
    .map((form) => `(?:${form})`)
    .join('|'),
  'g',
);

/** 星期五 and 周五, 十二月五号 and 12月5日 are the same words. */
function plainTime(text: string): string {
  return text
    .replace(/\s+/g, '')
    .replace(/星期|礼拜/g, '周')
    .replace(/周天/g, '周日')
    .replace(/[一二三四五六七八九十〇]{1,4}(?=[年月日号点时])/g, (run) => String(hanValue(run)))
    .replace(/(?<=\d)号/g, '日')
    .replace(/(?<=[今明昨])日|(?<=[后前])日/g, '天')
    .replace(/0(?=\d[月日])/g, '')
    .replace(/这(?=[周月个])/g, '本')
    .replace(/个(?=[周月季])/g, '');
}

function saysTime(source: string, phrase: string): boolean {
  const wanted = plainTime(phrase);
  const plain = plainTime(source);
  for (let at = plain.indexOf(wanted); at >= 0; at = plain.indexOf(wanted, at + 1)) {
    // 5日 is not said by 15日, nor 周五 by 下周五.
    const before = plain.charAt(at - 1);
    const isCut = /\d/.test(wanted.charAt(0)) ? /\d/.test(before) : wanted.startsWith('周') && /[下上]/.test(before);
    if (!isCut) return true;
  }
  return false;
}

/** The phrase names the day, or the hour, that something the message says comes to. */
function meansTime({ text, at }: Said, phrase: string): boolean {
  const wanted = momentOf(phrase, at);
  if (!wanted) return false;
  const spoken = [
    ...new Set([...(text.match(timePhrase) ?? []), ...(text.match(span) ?? []), ...text.split(/[,，。;；!！?？\n]/)]),
  ];
  return spoken.some((one) => {
    const meant = momentOf(one, at);
    if (!meant) return false;
    return wanted.isClock
      ? meant.isClock && meant.minutes === wanted.minutes
      : meant.day === wanted.day && !meant.isClock;
  });
}

const span = /[\d一二两三四五六七八九十半]+个?(?:工作日|天|日|周|星期|礼拜|月|小时)(?:之?内|以内|之?后|以后)/g;
const clockOnly = new RegExp(`^${part}?${D}(?::\\d{2}|点|时)`);

function momentOf(phrase: string, at: Date): { day: number; minutes: number; isClock: boolean } | null {
  const past = /^(前|昨)[天日晚]$/.exec(phrase.trim())?.[1];
  if (past) return { day: dayOf(at) - (past === '昨' ? 1 : 2), minutes: 0, isClock: false };
  const date = pastDate(phrase, at);
  if (date !== null) return { day: date, minutes: 0, isClock: false };
  const due = resolveDuePhrase(phrase, at);
  if (!due) return null;
  const day = dayOf(due);
  const minutes = Math.floor((due.getTime() - instantOf(day, 0).getTime()) / 60_000);
  return { day, minutes, isClock: clockOnly.test(phrase.trim()) };
}

/** A date of the days before the message: 昨天 said on the 2nd is the 1st, which a due time never is. */
function pastDate(phrase: string, at: Date): number | null {
  const found = /^(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]?$/.exec(plainTime(phrase));
  if (!found) return null;
  for (const back of [0, 1, 2]) {
    const { year, month, date } = dateOf(dayOf(at) - back);
    if (month === Number(found[2]) && date === Number(found[3]) && (!found[1] || Number(found[1]) === year))
      return dayOf(at) - back;
  }
  return null;
}

// Quarters and halves of a year

const monthRange = new RegExp(
  `(?<![\\d一二三四五六七八九十])(${D})(?:月份?)?\\s?[-~—到至]\\s?(${D})月份?(?![底初末\\d]|[上中下]旬)`,
);
const partOfYear = new RegExp(
  [
    `(?:(?<![A-Za-z0-9])|(?<=(?<!\\d)20\\d\\d\\s?))(?:[Qq][1-4]|[Hh][12])(?![A-Za-z0-9])[初末底]?`,
    `(?<![前后近每过个\\d一二两三四五六七八九十])第?[一二三四1-4]季度[初末底]?`,
    `[上下]半年(?:[初末底])?`,
    monthRange.source,
  ].join('|'),
  'g',
);
const partMonths: Readonly<Record<string, string>> = {
  '1-3': 'Q1',
  '4-6': 'Q2',
  '7-9': 'Q3',
  '10-12': 'Q4',
  '1-6': 'H1',
  '7-12': 'H2',
};

/** Q2, 二季度 and 4到6月 are one and the same; 上半年 is H1. Null for months that are no part of a year by themselves. */
function partNamed(found: string): string | null {
  const range = monthRange.exec(found);
  if (range)
    return partMonths[[range[1], range[2]].map((month = '') => Number(month) || hanValue(month)).join('-')] ?? null;
  const end = /[初末底]$/.exec(found)?.[0].replace('底', '末') ?? '';
  const letters = /[QH]\d/i.exec(found)?.[0].toUpperCase();
  if (letters) return letters + end;
  if (found.includes('半年')) return (found.startsWith('上') ? 'H1' : 'H2') + end;
  const quarter = found.replace('第', '').charAt(0);
  return `Q${Number(quarter) || hanValue(quarter)}${end}`;
}

const partsIn = (text: string): string[] => text.match(partOfYear) ?? [];

function isPartSaid(claim: string, said: readonly string[], computed: string[]): boolean {
  const same = said.filter((one) => partNamed(one) === partNamed(claim));
  if (same.length === 0) return false;
  // By name it was said; out of the months it was worked out, and the other way round.
  if (!same.some((one) => monthRange.test(one) === monthRange.test(claim))) computed.push(claim);
  return true;
}

// Phones, names

const digitsOf = (text: string) => text.replace(/(?<=\d)[ -](?=\d)/g, '').match(/\d{7,}/g) ?? [];
const squeezed = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, '');

const surnames =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文';
const title =
  '总(?![部价共计体结数额是之监公经])|总监|总经理|经理|先生|女士|小姐|老师|主任|工程师|工(?=[,，。、]|$)|董事长|董|局长|处长|科长|院长|校长|厂长|店长|老板|博士|教授|医生|律师';
const titledPerson = new RegExp(
  `(?<![一-龥])[${surnames}](?:${title})|(?<=[一-龥])[${surnames}](?:总(?![部价共计体结数额是之监公经])|总监|总经理|经理|先生|女士|小姐|董事长)`,
  'g',
);
const namedPerson = new RegExp(
  `(?<=联系|找|名叫|转给|交给|让|跟|和|与|向|给|由|客户|同事)[${surnames}][一-龥]{1,2}(?=确认|拍板|决定|审批|签字|负责|沟通|对接|汇报|跟进|商量|的电话|[,，。;；、]|$)`,
  'g',
);
/** Who a sentence begins with and what only people do. */
const deciding = new RegExp(
  `(?<=^|[,，。;；、])[${surnames}][一-龥]{1,2}(?=拍板|说了算|做决定|决定|审批|签字|负责)`,
  'g',
);
/** Words that begin as a surname does. */
const commonWord =
  /^(?:方[案面式法便向]|高[层管级]|时[间候效]|金[额融]|程序|常[规见]|安[排全装]|任[何务]|成[本员交]|平台|周[边期]|明确|余[款额]|马上|何时|于是|万一|许可|石油|文[件档员]|白[皮色]|龙头|江苏|江西|汤|钱|严格|莫|向|范围|贺|康|任意|雷同|陆续|夏季|金属)/;

function isKnownPerson(person: string, all: string, names: readonly string[]): boolean {
  if (all.includes(person) || names.some((name) => name.includes(person))) return true;
  const [surname = ''] = person;
  const isTitled = new RegExp(`^[${surnames}](?:${title})`).test(person);
  return isTitled && (new RegExp(`${surname}(?:${title})`).test(all) || names.some((name) => name.startsWith(surname)));
}

// Numbers

type Unit =
  | 'money'
  | 'dollar'
  | 'share'
  | 'count'
  | 'hour'
  | 'minute'
  | 'day'
  | 'workday'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | null;

export interface Quantity {
  text: string;
  value: number;
  unit: Unit;
  /** Written in Chinese numerals alone. */
  isHan: boolean;
  before: string;
  after: string;
}

const han = '零〇一二两三四五六七八九十百千万亿';
const units: readonly (readonly [words: string, unit: Unit])[] = [
  ['美元|美金|刀', 'dollar'],
  ['元|圆|块钱|块(?![一-龥])|人民币|rmb', 'money'],
  ['%|个点|成(?![一-龥])', 'share'],
  ['折', 'share'],
  ['个?(?:小时|钟头)', 'hour'],
  ['分钟', 'minute'],
  ['个?工作日', 'workday'],
  ['天|日', 'day'],
  ['个?(?:周|星期|礼拜)', 'week'],
  ['个?季度', 'quarter'],
  ['个月|月', 'month'],
  ['年', 'year'],
  [
    '个?(?:人|用户|账号|帐号|坐席|席位|员工|门店|店|项目|部门)|[人位名口台件套箱家间层吨米斤克平㎡次份条张本辆瓶盒包单批期倍级颗亩店项款种路栋座支只双副组场]|公里|公斤|千克|平方米|平米|kg|km|gb|tb|mb',
    'count',
  ],
];
const quantity = new RegExp(
  [
    `(?<![\\d.])(?<sign>[¥$]\\s?)?(?<percent>百分之)?`,
    `(?<digits>\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?)?(?<han>(?<!\\d)[${han}]+(?:点[零一二三四五六七八九]+[万亿]?)?|(?<![上下])半(?=[个年天小月]))?`,
    `\\s?(?<scale>万亿|[万亿千百](?!分)|[kw](?![a-z]))?(?<tail>[\\d一二三四五六七八九](?=[元块左以出,，。;；!！?？]|$))?`,
    `[多来余]?\\s?(?<half>个半(?=小时|钟头|星期|礼拜|周|月|季度))?(?:${units.map(([words], index) => `(?<u${index}>${words})`).join('|')})?(?<more>(?<=[年天周月时])半(?![年天月个夜数价小]))?`,
  ].join(''),
  'gi',
);

const scales: Record<string, number> = { 百: 100, 千: 1000, k: 1000, 万: 1e4, w: 1e4, 亿: 1e8, 万亿: 1e12 };

/** Every number in the text, with what it counts where that is said. */
export function quantitiesIn(text: string): Quantity[] {
  const found: Quantity[] = [];
  for (const match of text.matchAll(quantity)) {
    const groups = match.groups ?? {};
    const written = groups['digits'] ?? groups['han'];
    if (written === undefined) continue;
    const isHan = groups['digits'] === undefined;
    const scale = scales[groups['scale']?.toLowerCase() ?? ''] ?? 1;
    const tail = groups['tail'] ? (Number(groups['tail']) || hanValue(groups['tail'])) * (scale / 10) : 0;
    const base = written === '半' ? 0.5 : isHan ? hanValue(written) : Number(written.replaceAll(',', ''));
    const unitIndex = units.findIndex((_, index) => groups[`u${index}`] !== undefined);
    const half = (groups['half'] ?? groups['more']) ? 0.5 : 0;
    const word = unitIndex >= 0 ? (groups[`u${unitIndex}`] ?? '') : '';
    const sign = groups['sign']?.trim();
    const unit =
      sign === '¥' ? 'money' : sign === '$' ? 'dollar' : groups['percent'] ? 'share' : (units[unitIndex]?.[1] ?? null);
    found.push({
      text: match[0].trim(),
      value: rounded(shareOf(word, base * scale + tail + half)),
      unit,
      isHan,
      before: text.slice(Math.max(0, match.index - 2), match.index),
      after: text.slice(match.index + match[0].length, match.index + match[0].length + 2),
    });
  }
  return found;
}

/** 9折 and 九折 are 90 %, 85折 is 85 %, 三成 is 30 %. */
function shareOf(word: string, value: number): number {
  if (word === '成') return value * 10;
  return word === '折' && value < 10 ? value * 10 : value;
}

const rounded = (value: number) => Number(value.toPrecision(12));

/** 三万五 is 35,000, 二〇二六 is 2026, 一百零五 is 105. */
function hanValue(run: string): number {
  const [whole = '', fraction] = run.split('点');
  if (fraction !== undefined) {
    const scale = scales[fraction.at(-1) ?? ''] ?? 1;
    const decimals = [...fraction]
      .map(digitOf)
      .filter((digit) => digit >= 0)
      .join('');
    return Number(`${hanValue(whole)}.${decimals}`) * scale;
  }
  const digits = [...whole].map(digitOf);
  if (digits.length > 1 && digits.every((digit) => digit >= 0)) return Number(digits.join(''));
  let [total, section, digit, lastUnit, hasGap] = [0, 0, 0, 1, false];
  for (const letter of whole) {
    const value = digitOf(letter);
    const unit = { 十: 10, 百: 100, 千: 1000 }[letter];
    if (value >= 0) {
      digit = value;
      hasGap = value === 0;
    } else if (unit) {
      section += (digit || 1) * unit;
      [digit, lastUnit, hasGap] = [0, unit, false];
    } else {
      const big = letter === '亿' ? 1e8 : 1e4;
      total = (total + (section + digit || 1)) * big;
      [section, digit, lastUnit, hasGap] = [0, 0, big, false];
    }
  }
  // 两百五 is 250, 两百零五 is 205.
  const ones = lastUnit > 10 && !hasGap && !/[零〇].$/.test(whole) ? (digit * lastUnit) / 10 : digit;
  return total + section + ones;
}

const digitOf = (letter: string) =>
  letter === '两' ? 2 : letter === '〇' ? 0 : '零一二三四五六七八九'.indexOf(letter);

/** 一下, 万一, 统一 and 一份报价 count nothing. */
function isClaimed({ text, value, unit, isHan, before, after }: Quantity): boolean {
  if (!isHan) return true;
  if (unit === null && (text.length === 1 || /^(?:千万|万一|万万|百般|一一|三三|七八|万千)$/.test(text))) return false;
  if (value === 1 && unit === 'count') return false;
  if (text === '一块' || /(?:[统唯万逐专之单划进其某每]|(?<!合)同)$/.test(before)) return false;
  return !(unit === null && after.startsWith('分') && /百/.test(text));
}

function provenNumbers(claims: readonly Quantity[], all: string, computed: string[]): boolean {
  if (claims.length === 0) return true;
  // 二季度 and 上半年 count nothing.
  const said = withRanges(quantitiesIn(all.replace(partOfYear, (part) => (monthRange.test(part) ? part : ' '))), all);
  return claims.every((claim) => {
    if (said.some((one) => one.value === claim.value && isOfOneKind(one.unit, claim.unit))) return true;
    if (isOnePeriod(claim, all)) return true;
    if (!isDerived(claim, said)) return false;
    computed.push(claim.text);
    return true;
  });
}

/** 20到30万: the first of the two is as large as the second. */
function withRanges(said: readonly Quantity[], all: string): Quantity[] {
  const ranges = [
    ...all.matchAll(
      /(\d+(?:\.\d+)?|[一二两三四五六七八九十百]+)\s?(?:-|~|到|至|—)\s?(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百]+)\s?([万亿千kw])/gi,
    ),
  ];
  const widened = ranges.flatMap(([text, first = '', scale]): Quantity[] => [
    {
      text,
      value: rounded((/^\d/.test(first) ? Number(first) : hanValue(first)) * (scales[scale?.toLowerCase() ?? ''] ?? 1)),
      unit: null,
      isHan: false,
      before: '',
      after: '',
    },
  ]);
  return [...said, ...widened];
}

const isOfOneKind = (a: Unit, b: Unit) => a === b || a === null || b === null;

/** 一年, of a price that is said to be 按年, 每年 or /年. */
function isOnePeriod({ value, unit }: Quantity, all: string): boolean {
  const words: Partial<Record<NonNullable<Unit>, RegExp>> = {
    year: /年/,
    quarter: /季/,
    month: /月/,
    week: /[周星]/,
    day: /[天日]/,
  };
  return value === 1 && unit !== null && (words[unit]?.test(all) ?? false);
}

const SOURCES_MAX = 12;
const periods: readonly (readonly [Unit, Unit, number])[] = [
  ['week', 'day', 7],
  ['year', 'month', 12],
  ['year', 'quarter', 4],
  ['quarter', 'month', 3],
  // As everybody counts who says 半个月.
  ['month', 'day', 30],
  ['year', 'day', 365],
  ['day', 'hour', 24],
  ['hour', 'minute', 60],
];

/** How long, and not when: 3月, 15日 and 2026年 are dates. */
function isLength({ text, value, unit, after }: Quantity): boolean {
  if (unit === 'month') return /[个半]/.test(text);
  if (unit === 'day') return /天/.test(text) || /^[之以]?[内后]/.test(after);
  return unit !== 'year' || value < 100;
}

/** A sum of two or three of a kind, a count times a price, a share of an amount, or the same time in other units. */
function isDerived(claim: Quantity, said: readonly Quantity[]): boolean {
  const parts = said.slice(0, SOURCES_MAX);
  const isIt = (value: number) => rounded(value) === claim.value;
  for (const [large, small, factor] of periods)
    for (const one of parts.filter(isLength)) {
      if (one.unit === large && claim.unit === small && isIt(one.value * factor)) return true;
      if (one.unit === small && claim.unit === large && isIt(one.value / factor)) return true;
    }
  if (claim.value < 10) return false;
  return parts.some((a, i) =>
    parts.slice(i + 1).some((b, j) => {
      const ofOneKind = a.unit !== null && a.unit === b.unit && isOfOneKind(a.unit, claim.unit);
      if (ofOneKind && a.unit !== 'share') {
        if (isIt(a.value + b.value)) return true;
        if (parts.slice(i + j + 2).some((c) => c.unit === a.unit && isIt(a.value + b.value + c.value))) return true;
      }
      const shared = a.unit === 'share' ? [b, a] : b.unit === 'share' ? [a, b] : null;
      if (shared) {
        const [of, share] = shared;
        return (
          of !== undefined &&
          share !== undefined &&
          isOfOneKind(of.unit, claim.unit) &&
          isIt((of.value * share.value) / 100)
        );
      }
      const isPriced = [a.unit, b.unit].includes('money') && a.unit !== b.unit;
      return isPriced && isOfOneKind('money', claim.unit) && a.value > 1 && b.value > 1 && isIt(a.value * b.value);
    }),
  );
}
