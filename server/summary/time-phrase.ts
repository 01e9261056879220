import { MINUTE_MS } from '#server/base/duration.ts';
import { dateOf, dayOf, instantOf } from '#server/base/shanghai.ts';
import { resolveDuePhrase } from '#server/task/due-phrase.ts';
import { hanValue } from './quantity.ts';

/** Of a day, a month or an hour. */
export const shortNumber = '(?:\\d{1,2}|[一二三四五六七八九十]{1,3})';
export const weekdayWord = /(?:周|星期|礼拜)[一二三四五六日天末]/g;
const part = '(?:凌晨|早上|上午|中午|下午|傍晚|晚上)';
export const timePhrase = new RegExp(
  [
    `\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}`,
    `(?:(?:\\d{4}|[今明后去])年)?${shortNumber}月(?:${shortNumber}[日号]?(?!天|周|个)|份|[底初末]|[上中下]旬)`,
    `(?:\\d{4}|[今明后去])年${shortNumber}月`,
    `(?<![\\d第])${shortNumber}月(?=前|后|上线|交付|到期|开始|[,，。;；、]|$)`,
    `(?<![\\d./])\\d{1,2}/\\d{1,2}(?![\\d/.])`,
    `(?:20\\d\\d|二〇[零〇一二三四五六七八九]{2}|[今明后去])年[底初末前后]?`,
    `大?[今明后昨前](?:天|日|晚|早)|当天|当日`,
    `(?:下下|下|上|这|本)?个?(?:周|星期|礼拜)[一二三四五六日天末](?!次)`,
    `(?:下下|下|上|这|本)个?(?:周|星期|礼拜|月|季度?)(?:[初底末]|[上中下]旬|${shortNumber}[日号])?`,
    `(?<![\\d个])月[初中底末]|年[初底末]|季度末|[春中]节|国庆|元旦|五一`,
    `(?<![\\d第])${shortNumber}[日号](?![楼线店门机位])`,
    `${part}?(?<!第)${shortNumber}(?::\\d{2}|点(?!\\d+(?:万|亿|%|倍|折))(?:半|[一三]刻|${shortNumber}分?)?|时(?![间候代段期机常]|不时)(?:${shortNumber}分)?)`,
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

export function saysTime(source: string, phrase: string): boolean {
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
export function meansTime({ text, at }: { text: string; at: Date }, phrase: string): boolean {
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
const clockOnly = new RegExp(`^${part}?${shortNumber}(?::\\d{2}|点|时)`);

function momentOf(phrase: string, at: Date): { day: number; minutes: number; isClock: boolean } | null {
  const past = /^(前|昨)[天日晚]$/.exec(phrase.trim())?.[1];
  if (past) return { day: dayOf(at) - (past === '昨' ? 1 : 2), minutes: 0, isClock: false };
  const date = pastDate(phrase, at);
  if (date !== null) return { day: date, minutes: 0, isClock: false };
  const due = resolveDuePhrase(phrase, at);
  if (!due) return null;
  const day = dayOf(due);
  const minutes = Math.floor((due.getTime() - instantOf(day, 0).getTime()) / MINUTE_MS);
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
