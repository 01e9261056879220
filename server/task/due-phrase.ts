import { MINUTE_MS } from '#server/base/duration.ts';
import {
  dateOf,
  dayOf,
  dayOn,
  endOf,
  instantOf,
  lastDayOfMonth,
  weekdayOf,
  type CalendarDate,
  type Day,
} from '#server/base/shanghai.ts';

/** What a part of the day means when no hour is said. `before` is what 上午前 means. */
const parts = {
  dawn: { at: 2 * 60, before: 6 * 60 },
  early: { at: 9 * 60, before: 9 * 60 },
  morning: { at: 10 * 60, before: 12 * 60 },
  noon: { at: 12 * 60, before: 12 * 60 },
  afternoon: { at: 15 * 60, before: 18 * 60 },
  dusk: { at: 18 * 60, before: 18 * 60 },
  evening: { at: 20 * 60, before: 18 * 60 },
} as const;
type Part = keyof typeof parts;

/** A day without an hour means the end of its working hours, as do 前 and 内. */
const END_OF_WORK = 18 * 60;
const DAYS_AHEAD_MAX = 3660;

/**
 * When something promised in `phrase` is due, read against the moment it was said, in Shanghai. Never before that
 * moment. Null when the phrase names no time (尽快, 回头, 过几天) or one that is over (昨天, 上周五).
 */
export function resolveDuePhrase(phrase: string, saidAt: Date): Date | null {
  const text = normalise(phrase);
  if (isOver.test(text)) return null;
  const span = spanIn(text);
  if (span) return afterSpan(span, text, saidAt);

  const days = daysIn(text, dayOf(saidAt));
  const times = timesIn(text);
  if (!days && !times) return null;
  return earliest(days ?? [dayOf(saidAt), dayOf(saidAt) + 1], times, saidAt);
}

/** The first of `days` × `times` that is still to come; without a said hour the day itself lasts until midnight. */
function earliest(days: Day[], times: number[] | null, saidAt: Date): Date | null {
  for (const day of days) {
    const due = (times ?? [END_OF_WORK]).map((minutes) => instantOf(day, minutes)).find((at) => at >= saidAt);
    if (due) return due;
  }
  const isToday = days.at(-1) === dayOf(saidAt);
  return isToday && !times ? endOf(dayOf(saidAt)) : null;
}

const isOver =
  /昨[天日晚]|(?<![目提])前[天日晚]|刚才|(?<![马晚早])上个?(?:周|星期|礼拜|月)|去年|前\d+天|[\d半]个?(?:天|周|星期|礼拜|小时|钟头|分钟|年|(?<=个)月)(?:之|以)?前/;

/** Full-width forms, spaces and Chinese numerals away: 十二月五号 → 12月5号, 两三天 → 3天. */
function normalise(phrase: string): string {
  return phrase
    .normalize('NFKC')
    .replace(/\s+/g, '')
    .replace(/[一二两三四五六七八][二三四五六七八九](?=个|天|日|周|小时|分钟)/g, (pair) => pair.charAt(1))
    .replace(/[零〇一二两三四五六七八九十廿]+/g, (numeral) => String(numberOf(numeral)))
    .replace(/今明2?天/, '明天')
    .replace(/明后2?天/, '后天')
    .replace(/下1?个工作日/, '1个工作日');
}

const digits: Record<string, number> = {
  零: 0,
  〇: 0,
  一: 1,
  二: 2,
  两: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
};

function numberOf(numeral: string): number {
  const [tens, ones] = numeral.replace('廿', '二十').split('十');
  const plain = (text: string) => Number([...text].map((digit) => digits[digit] ?? 0).join(''));
  if (ones === undefined) return plain(numeral);
  return (tens === '' || tens === undefined ? 1 : plain(tens)) * 10 + (ones === '' ? 0 : plain(ones));
}

type Unit = 'minute' | 'hour' | 'workday' | 'day' | 'week' | 'month' | 'year';
interface Span {
  amount: number;
  unit: Unit;
}

const units: Record<string, Unit> = {
  刻钟: 'minute',
  分钟: 'minute',
  小时: 'hour',
  钟头: 'hour',
  工作日: 'workday',
  天: 'day',
  日: 'day',
  周: 'week',
  星期: 'week',
  礼拜: 'week',
  月: 'month',
  年: 'year',
};
const spanPattern =
  /(?<![\d月周第每/.-])(?<amount>\d+(?:\.\d+)?|半)(?<of>个)?(?<half>半)?(?<unit>刻钟|分钟|小时|钟头|工作日|天|日|周|星期|礼拜|月|年)(?<end>左右|之内|以内|内|之后|以后|后)?/;

/** 3天内, 两小时后, 半个月, 2个工作日内. 3日 and 3月 alone are dates. */
function spanIn(text: string): Span | null {
  const found = spanPattern.exec(text)?.groups;
  if (!found) return null;
  const word = found['unit'] ?? '';
  if (word === '日' && !found['end']) return null;
  if (word === '月' && !found['of']) return null;
  if (word === '年' && (found['amount']?.length ?? 0) > 2) return null;
  const unit = units[word];
  const amount = (found['amount'] === '半' ? 0.5 : Number(found['amount'])) + (found['half'] ? 0.5 : 0);
  if (!unit || amount <= 0) return null;
  return word === '刻钟' ? { amount: amount * 15, unit } : { amount, unit };
}

function afterSpan({ amount, unit }: Span, text: string, saidAt: Date): Date | null {
  const today = dayOf(saidAt);
  switch (unit) {
    case 'minute':
      return later(saidAt, amount);
    case 'hour':
      return later(saidAt, amount * 60);
    case 'day':
      // 半天 is half a working day.
      return amount < 1 ? later(saidAt, 4 * 60) : onDay(today + Math.ceil(amount), text, saidAt);
    case 'week':
      return onDay(today + Math.ceil(amount * 7), text, saidAt);
    case 'workday':
      return amount > 400 ? null : onDay(afterWorkdays(today, Math.ceil(amount)), text, saidAt);
    case 'month':
      return onDay(afterMonths(today, amount), text, saidAt);
    case 'year':
      return onDay(afterMonths(today, amount * 12), text, saidAt);
  }
}

function later(saidAt: Date, minutes: number): Date | null {
  return minutes > DAYS_AHEAD_MAX * 1440 ? null : new Date(saidAt.getTime() + minutes * MINUTE_MS);
}

function onDay(day: Day, text: string, saidAt: Date): Date | null {
  if (day - dayOf(saidAt) > DAYS_AHEAD_MAX) return null;
  return earliest([day], timesIn(text.replace(spanPattern, '')), saidAt);
}

/** Monday to Friday: which holidays the state moves is not known here. */
function afterWorkdays(from: Day, count: number): Day {
  let day = from;
  for (let left = count; left > 0;) {
    day += 1;
    if (weekdayOf(day) <= 5) left -= 1;
  }
  return day;
}

/** Half a month is 15 days. The 31st of a shorter month is its last day. */
function afterMonths(from: Day, months: number): Day {
  const { year, month, date } = dateOf(from);
  const whole = Math.floor(months);
  const last = lastDayOfMonth(year, month + whole);
  const day = dayOn({ ...dateOf(last), date }) ?? last;
  return day + (months % 1 > 0 ? 15 : 0);
}

type Groups = Record<string, string | undefined>;
interface DayRule {
  pattern: RegExp;
  /** The days it may mean, soonest first. */
  days(groups: Groups, today: Day): (Day | null)[];
}

const weekdays: Record<string, number> = { '1': 1, '2': 2, '3': 3, '4': 4, '5': 5, '6': 6, 日: 7, 天: 7, 末: 7 };
const before = '(?:之|以)?前';

/** The first that matches counts. */
const dayRules: DayRule[] = [
  {
    pattern: /(?<year>\d{4})[年/.-](?<month>\d{1,2})[月/.-](?<date>\d{1,2})/,
    days: ({ year, month, date }) => [dayOn({ year: Number(year), month: Number(month), date: Number(date) })],
  },
  {
    pattern: /(?<year>[今明后])年(?<month>\d{1,2})月(?:(?<date>\d{1,2})[号日]?|(?<part>份?[底末初中上下]?旬?))/,
    days: ({ year, month, date, part }, today) => [
      inMonth(dateOf(today).year + '今明后'.indexOf(year ?? '今'), Number(month), date, part),
    ],
  },
  {
    pattern: /(?<month>\d{1,2})月(?:(?<date>\d{1,2})[号日]?|(?<part>份?[底末初中上下]?旬?))/,
    days: ({ month, date, part }, today) => {
      const { year } = dateOf(today);
      return [inMonth(year, Number(month), date, part), inMonth(year + 1, Number(month), date, part)];
    },
  },
  {
    pattern: new RegExp(
      `(?<![\\d/.:])(?:(?<month>\\d{1,2})/(?<date>\\d{1,2})(?![\\d/])|(?<month2>\\d{1,2})[.-](?<date2>\\d{1,2})(?=号|日|${before}|$))`,
    ),
    days: ({ month, date, month2, date2 }, today) => {
      const { year } = dateOf(today);
      const on = (year: number) => inMonth(year, Number(month ?? month2), date ?? date2, '');
      return [on(year), on(year + 1)];
    },
  },
  { pattern: /大后[天日]/, days: (_, today) => [today + 3] },
  { pattern: /(?<!\d)后[天日]/, days: (_, today) => [today + 2] },
  { pattern: /明[天日早晚儿]/, days: (_, today) => [today + 1] },
  { pattern: /今[天日早晚儿]|当[天日晚]/, days: (_, today) => [today] },
  {
    pattern: new RegExp(`(?<which>下下|下|这|本)?个?(?:周|星期|礼拜)末${before}`),
    days: ({ which }, today) => inWeek(which, 5, today),
  },
  {
    pattern: /(?<which>下下|下|这|本)?个?(?:周|星期|礼拜)(?<weekday>[1-6日天末])/,
    days: ({ which, weekday }, today) => inWeek(which, weekdays[weekday ?? ''] ?? 7, today),
  },
  { pattern: /(?<which>下下|下)个?(?:周|星期|礼拜)初/, days: ({ which }, today) => inWeek(which, 1, today) },
  { pattern: /(?<which>下下|下)个?(?:周|星期|礼拜)/, days: ({ which }, today) => inWeek(which, 5, today) },
  {
    pattern: /(?:这|本)个?(?:周|星期|礼拜)|(?:周|星期|礼拜)内/,
    days: (_, today) => [5, 7].flatMap((weekday) => inWeek('这', weekday, today)),
  },
  {
    pattern: /(?<which>下下|下)个?月(?:(?<date>\d{1,2})[号日]?|(?<part>[底末初中上下]?旬?))/,
    days: ({ which, date, part }, today) => {
      const { year, month } = dateOf(today);
      return [inMonth(year, month + (which === '下下' ? 2 : 1), date, part)];
    },
  },
  {
    pattern: /(?:这个?|本|当)月(?<date>\d{1,2})[号日]?/,
    days: ({ date }, today) => [inMonth(dateOf(today).year, dateOf(today).month, date, '')],
  },
  {
    pattern: /(?<!\d)月(?<part>[初中]旬?|上旬)/,
    days: ({ part }, today) => {
      const { year, month } = dateOf(today);
      return [inMonth(year, month, undefined, part), inMonth(year, month + 1, undefined, part)];
    },
  },
  {
    pattern: /(?:这个?|本|当)月|(?<!\d)月(?:底|末|内|下旬)/,
    days: (_, today) => [lastDayOfMonth(dateOf(today).year, dateOf(today).month)],
  },
  {
    pattern: /(?<next>下个?)?季度?[末底]|(?<next2>下)个?季度|(?:这个?|本)季度?/,
    days: ({ next, next2 }, today) => {
      const { year, month } = dateOf(today);
      return [lastDayOfMonth(year, (Math.ceil(month / 3) + (next || next2 ? 1 : 0)) * 3)];
    },
  },
  { pattern: /年[底末内]/, days: (_, today) => [dayOn({ year: dateOf(today).year, month: 12, date: 31 })] },
  {
    // Not 5号楼.
    pattern: /(?<!\d)(?<date>\d{1,2})(?:号(?![楼线店门机位])|日)/,
    days: ({ date }, today) => {
      const { year, month } = dateOf(today);
      // Three months ahead: the 31st may be missing from the next.
      return [0, 1, 2].map((ahead) => inMonth(year, month + ahead, date, ''));
    },
  },
  { pattern: /下班/, days: (_, today) => [today] },
];

/** Null when no day is named; [] when the named one does not exist. */
function daysIn(text: string, today: Day): Day[] | null {
  for (const { pattern, days } of dayRules) {
    const found = pattern.exec(text);
    if (!found) continue;
    const meant = days(found.groups ?? {}, today).filter((day) => day !== null);
    return meant.filter((day) => day >= today && day - today <= DAYS_AHEAD_MAX);
  }
  return null;
}

/** Weeks begin on Monday. Without 这 or 下 it is the next day of that name, today included. */
function inWeek(which: string | undefined, weekday: number, today: Day): Day[] {
  const day = today - weekdayOf(today) + weekday;
  switch (which) {
    case '下':
      return [day + 7];
    case '下下':
      return [day + 14];
    case '这':
    case '本':
      return [day];
    default:
      return [day, day + 7];
  }
}

/** `month` may run over into the next year. A month without more means its last day. */
function inMonth(year: number, month: number, date: string | undefined, part: string | undefined): Day | null {
  const last = lastDayOfMonth(year, month);
  const on = (date: number) => dayOn({ ...monthOf(last), date });
  if (date !== undefined) return on(Number(date));
  if (part?.includes('初')) return on(5);
  if (part?.includes('上')) return on(10);
  if (part === '中') return on(15);
  if (part?.includes('中')) return on(20);
  return last;
}

function monthOf(last: Day): Omit<CalendarDate, 'date'> {
  const { year, month } = dateOf(last);
  return { year, month };
}

const partWords: [RegExp, Part][] = [
  [/凌晨|半夜/, 'dawn'],
  [/上午/, 'morning'],
  [/中午|正午|午间/, 'noon'],
  [/下午|午后/, 'afternoon'],
  [/傍晚/, 'dusk'],
  [/(?<![最不])晚(?![点些于])|夜里|夜间/, 'evening'],
  [/早上|早晨|清晨|(?<![尽最])早(?![日点些])/, 'early'],
];
const clockPattern =
  /(?<!\d)(?<hour>\d{1,2})(?::(?<digits>\d{2})(?!\d)|[点时](?:(?<half>半)|(?<quarters>[13])刻|(?<minutes>\d{1,2})分?)?)/;

/** Minutes after midnight it may mean, soonest first; null when no hour and no part of the day is said. */
function timesIn(text: string): number[] | null {
  const part = partWords.find(([word]) => word.test(text))?.[1];
  const clock = clockPattern.exec(text)?.groups;
  if (clock) return clockTimes(clock, part);
  if (!part) return null;
  return [/(?<![目提])前(?![天面台])|之内|以内/.test(text) ? parts[part].before : parts[part].at];
}

function clockTimes(clock: Groups, part: Part | undefined): number[] | null {
  const hour = Number(clock['hour']);
  const minutes = clock['half']
    ? 30
    : clock['quarters']
      ? Number(clock['quarters']) * 15
      : Number(clock['digits'] ?? clock['minutes'] ?? 0);
  if (hour > 24 || minutes > 59) return null;
  return hoursMeant(hour, part, clock['hour']?.startsWith('0') ?? false).map((meant) => meant * 60 + minutes);
}

function hoursMeant(hour: number, part: Part | undefined, is24: boolean): number[] {
  switch (part) {
    case 'dawn':
      return [hour === 12 ? 0 : hour];
    case 'early':
    case 'morning':
      return [hour];
    case 'noon':
      return [hour <= 2 ? hour + 12 : hour];
    case 'afternoon':
    case 'dusk':
      return [hour < 12 ? hour + 12 : hour];
    case 'evening':
      // 晚上12点 and 晚上1点 are past midnight.
      return [hour === 12 ? 24 : hour < 5 ? hour + 24 : hour < 12 ? hour + 12 : hour];
    case undefined:
      if (is24 || hour > 12 || hour === 12) return [hour];
      // 3点 is an afternoon, 9点 a morning unless that is over.
      return hour <= 6 ? [hour + 12] : [hour, hour + 12];
  }
}
