export type Unit =
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

export const scales: Record<string, number> = { 百: 100, 千: 1000, k: 1000, 万: 1e4, w: 1e4, 亿: 1e8, 万亿: 1e12 };

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

export const rounded = (value: number) => Number(value.toPrecision(12));

/** 三万五 is 35,000, 二〇二六 is 2026, 一百零五 is 105. */
export function hanValue(run: string): number {
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
