import { foundAt, inBothReadings, type Found } from './finding.ts';
import type { PlainText } from './plain-text.ts';

const loose = '[ \\-–—~_·]';
const strict = '[.*/,、，:：]';
const gap = `(?:${loose}{0,3}|${strict}{1,2})`;
/** The country's prefix and the number. */
const mobile = new RegExp(
  `(?<!\\d)((?:\\(?(?:\\+|00)?86\\)?${loose}{0,2}|(?<![A-Za-z])0)?1${gap}[3-9](?:${gap}\\d){9})(?!\\d)`,
  'g',
);
/** Two of them with nothing between. */
const twoMobiles = /(?<!\d)1[3-9]\d{9}1[3-9]\d{9}(?!\d)/g;

/** Sent in two pieces: 前面1381023，后面5567. */
const inPieces =
  /(?<!\d)(1[3-9]\d{1,7})([^\d\n]{0,6}(?:后面|后半|后几位|后四位|再加|接着|然后)[^\d\n]{0,4})(\d{2,8})(?!\d)/g;

// Area codes of mainland China by their first digits: 010, 02x, and three digits after the 0 elsewhere.
const area = '(?:10|2[0-57-9]|3[1-79]\\d|4[1-8]\\d|5[1-79]\\d|6[36]\\d|7[0-79]\\d|8[1-9]\\d|9[0-79]\\d)';
const local = '(?:[2-9]\\d{2,3}[ \\-–—]?\\d{4}|[2-9]\\d{3}[ \\-–—]?\\d{3})';
const landline = new RegExp(
  `(?<![\\dA-Za-z])(?<!\\d[ \\-])(?:(?:\\+|00)86[ \\-]{0,2}(?:\\(0?${area}\\)|0?${area})|\\(0${area}\\)|0${area})[ \\-–—~]{0,2}${local}(?:-\\d{1,5})?(?!\\d)`,
  'g',
);
const hotline = /(?<![\dA-Za-z])(?<!\d[ -])[48]00[ -]?(?:\d{3}[ -]?\d{4}|\d{4}[ -]\d{3})(?!\d)/g;
const introducedLocal =
  /(?:电话|座机|固话|直线|传真|总机|办公室|tel|fax)(?:号码|号)?(?:是|为)?[ :.]{0,3}([2-8]\d{2,3}[ -]?\d{4})(?![\d-])/gi;

const abroad = /(?<![\dA-Za-z])\+(?!86)[1-9]\d{0,2}[ -]?\(?\d{1,4}\)?(?:[ -]?\d{2,4}){2,4}(?!\d)/g;
const nearby = /(?<![\dA-Za-z])(?:85[23][ -]?[569]\d{3}[ -]?\d{4}|886[ -]?0?9\d{2}[ -]?\d{3}[ -]?\d{3})(?!\d)/g;

export function* findPhoneNumbers(text: PlainText): Generator<Found> {
  for (const { written, at, before, after } of inBothReadings(text, mobile))
    if (isGrouped(written.replace(prefix, '')) && !isAmount(before, after) && !endsInDate(written, after))
      yield phone(text, '手机', at, written);
  for (const { written, at } of inBothReadings(text, twoMobiles))
    for (const half of [0, 11]) yield phone(text, '手机', at + half, written.slice(half, half + 11));
  for (const { index, 1: first = '', 2: between = '', 3: second = '' } of text.digits.matchAll(inPieces))
    if (first.length + second.length === 11) {
      yield phone(text, '手机', index, first);
      yield phone(text, '手机', index + first.length + between.length, second);
    }
  for (const pattern of [landline, hotline, introducedLocal])
    for (const { written, at, before, after } of inBothReadings(text, pattern))
      if (!isAmount(before, after)) yield phone(text, '电话', at, written);
  for (const pattern of [abroad, nearby])
    for (const { written, at } of inBothReadings(text, pattern))
      if (written.replace(/\D/g, '').length >= 9) yield phone(text, '手机', at, written);
}

const prefix = /^(?:\(?(?:\+|00)?86\)?[ \-–—~_·]{0,2}|0)/;

/** The number as it is dialled from inside the country. */
function phone(text: PlainText, kind: '手机' | '电话', at: number, written: string): Found {
  const digits = written.replace(/\D/g, '');
  return foundAt(text, kind, at, written.length, digits.replace(/^(?:(?:00)?86|0)(?=1[3-9]\d{9}$)/, ''));
}

/** As people group a number: 138 1023 5567, or digit by digit. A list of numbers looks otherwise. */
function isGrouped(written: string): boolean {
  const groups = written.split(/\D+/).map(({ length }) => length);
  if (groups.length === 1 || groups.every((length) => length === 1)) return true;
  if (/[*/,、，:：]/.test(written)) return groups.join() === '3,4,4';
  if (written.includes('.')) return ['3,4,4', '3,8', '7,4'].includes(groups.join());
  return groups.length <= 5 && groups.some((length) => length >= 3);
}

/** Eleven digits of money or of things. */
const isAmount = (before: string, after: string) =>
  /[¥￥$€]\s?$/.test(before) || /^\s?(?:元|块钱|美元|美金|台|件|套|吨|公斤|平方|平米|\.\d)/.test(after);

/** 1480257 2027-08-12 are two things. */
const endsInDate = (written: string, after: string) =>
  /\D20\d\d-\d\d?-\d\d?$/.test(written) || (/\D20\d\d$/.test(written) && /^(?:[-/.]\d|年)/.test(after));
