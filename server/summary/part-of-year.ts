import { hanValue } from './quantity.ts';
import { shortNumber } from './time-phrase.ts';

export const monthRange = new RegExp(
  `(?<![\\d一二三四五六七八九十])(${shortNumber})(?:月份?)?\\s?[-~—到至]\\s?(${shortNumber})月份?(?![底初末\\d]|[上中下]旬)`,
);
/** A quarter or a half of a year. */
export const partOfYear = new RegExp(
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
export function partNamed(found: string): string | null {
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

export const partsIn = (text: string): string[] => text.match(partOfYear) ?? [];

export function isPartSaid(claim: string, said: readonly string[], computed: string[]): boolean {
  const same = said.filter((one) => partNamed(one) === partNamed(claim));
  if (same.length === 0) return false;
  // By name it was said; out of the months it was worked out, and the other way round.
  if (!same.some((one) => monthRange.test(one) === monthRange.test(claim))) computed.push(claim);
  return true;
}
