import { foundAt, inBothReadings, type Found } from './finding.ts';
import type { PlainText } from './plain-text.ts';

const card = /(?<![\dA-Za-z])(?=(\d(?:[ \-–—_.·]{0,2}\d){12,18})(?!\d))/g;
const saysCard = /银行|开户|收款|卡号|银行卡|储蓄卡|借记卡|信用卡|工资卡|[行的]卡|这张卡|账号|户名/;

export function* findBankCards(text: PlainText): Generator<Found> {
  for (const { written, at, before, after } of inBothReadings(text, card)) {
    const numbers = [...shorter(written)].map((number) => ({ number, digits: number.replace(/\D/g, '') }));
    const issued = numbers.filter(({ digits }) => isIssued(digits));
    // Without the word for it a number must keep its checksum; with it, one digit may be mistyped.
    const found =
      issued.find(({ digits }) => isLuhn(digits)) ??
      (saysCard.test(before + after) ? issued.find(({ digits }) => digits.startsWith('62')) : undefined);
    if (found) yield foundAt(text, '银行卡', at, found.number.length, found.digits);
  }
}

/** What is written, then without its last group, and so on: another number may stand behind a card's. */
function* shorter(written: string): Generator<string> {
  for (let rest = written; rest !== ''; rest = rest.replace(/\D*\d+$/, '')) yield rest;
}

/** By the first digits and the length, ISO/IEC 7812: UnionPay, its older domestic cards, Visa, Mastercard, JCB, American Express. */
const issuers = [
  /^62\d{11,17}$/,
  /^(?:60|6[4-9]|81)\d{14,17}$/,
  /^(?:9558|90|94|95|98)\d{14,17}$/,
  /^4\d{15}$/,
  /^5[1-5]\d{14}$/,
  /^2[3-6]\d{14}$/,
  /^35\d{14}$/,
  /^3[47]\d{13}$/,
  /^4367\d{15}$/,
];
const isIssued = (digits: string) => issuers.some((shape) => shape.test(digits));

function isLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, sign, at) => {
    const value = at % 2 === 0 ? Number(sign) : Number(sign) * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
