import { foundAt, inBothReadings, lastGroup, type Found } from './finding.ts';
import type { PlainText } from './plain-text.ts';

const gap = '[ \\-–—_.·]{0,2}';
const eighteen = new RegExp(`(?<!\\d)(?=(\\d(?:${gap}\\d){16}${gap}[\\dXx])(?![\\dA-Za-z]))`, 'g');
const fifteen = new RegExp(`(?<![\\dA-Za-z])(?=(\\d(?:${gap}\\d){14})(?![\\dA-Za-z]))`, 'g');
/** Said to be one, and mistyped by a sign. */
const nearly = new RegExp(`(?<![\\dA-Za-z])\\d(?:${gap}\\d){15,18}${gap}[\\dXx]?(?![\\dA-Za-z])`, 'g');

const saysIdentity = /身份证|身份号|证件号?|证号|旧证|户口|\bID\b/i;

const travel = /护照|passport|通行证|台胞证|回乡证|居住证|港澳证/i;
const introducedTravel =
  /(?:护照|passport|通行证|台胞证|回乡证|居住证|港澳证)[^A-Za-z0-9\n]{0,8}(?:no\.?|号)?[ :]{0,3}(?:是|为)?[ :]{0,2}([A-Z]{1,2}[ ]?\d(?:[ ]?\d){6,9}|\d{8,10})(?![A-Za-z0-9])/gi;
const travelShape = /(?<![A-Za-z0-9])[A-Z]{1,2}\d{7,8}(?![A-Za-z0-9])/g;

export function* findIdentityPapers(text: PlainText): Generator<Found> {
  for (const { written, at, before, after } of inBothReadings(text, eighteen)) {
    const signs = signsOf(written);
    if (isBorn(signs.slice(0, 6), signs.slice(6, 14)) && (isChecked(signs) || saysIdentity.test(before + after)))
      yield foundAt(text, '证件', at, written.length, signs);
  }
  for (const { written, at, before, after } of inBothReadings(text, fifteen)) {
    const signs = signsOf(written);
    if (isBorn(signs.slice(0, 6), `19${signs.slice(6, 12)}`) && saysIdentity.test(before + after))
      yield foundAt(text, '证件', at, written.length, signs);
  }
  for (const { written, at, before } of inBothReadings(text, nearly))
    if (/(?:身份证|证件号|身份号)(?:号码|号)?(?:是|为)?[ :]{0,3}$/.test(before))
      yield foundAt(text, '证件', at, written.length, signsOf(written));
  if (travel.test(text.plain)) yield* travelPapers(text);
}

function* travelPapers(text: PlainText): Generator<Found> {
  for (const found of text.plain.matchAll(introducedTravel)) {
    const { written, at } = lastGroup(found);
    yield foundAt(text, '证件', at, written.length, signsOf(written));
  }
  for (const found of text.plain.matchAll(travelShape))
    if (travel.test(text.plain.slice(found.index + found[0].length).slice(0, 10)))
      yield foundAt(text, '证件', found.index, found[0].length, signsOf(found[0]));
}

const signsOf = (written: string) => written.replace(/[^\dA-Za-z]/g, '').toUpperCase();

// GB/T 2260: the first two digits are a province, or 81 to 83 for residents of Hong Kong, Macau and Taiwan.
const provinces = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])/;

function isBorn(area: string, date: string): boolean {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number);
  const born = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return provinces.test(area) && Number(year) >= 1900 && Number(year) < 2100 && born.getUTCMonth() + 1 === month;
}

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** GB 11643: the last sign is a checksum of the seventeen before it. */
function isChecked(signs: string): boolean {
  const sum = weights.reduce((total, weight, at) => total + weight * Number(signs[at]), 0);
  return '10X98765432'[sum % 11] === signs[17];
}
