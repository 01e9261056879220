import type { PlainText } from './plain-text.ts';

/** Where somebody's personal data stands in a text. */
export interface PersonalData {
  kind: '手机' | '电话' | '证件' | '银行卡' | '号码' | '邮箱' | '微信' | 'QQ' | '车牌' | '地址' | '姓名';
  start: number;
  end: number;
  /** Of two ways to write one thing the same. */
  value: string;
}

export type Found = PersonalData;

/** A place in `plain`, and in `digits`, of one kind. */
export function foundAt(text: PlainText, kind: Found['kind'], at: number, length: number, value: string): Found {
  return { kind, start: text.startOf(at), end: text.endOf(at + length - 1), value };
}

/**
 * What a pattern finds in both readings of a text: 电话一13810235567 has its number in one, 一三八… in the other. A pattern
 * that is a look-ahead finds what begins inside of another find too.
 */
export function* inBothReadings(
  { plain, digits }: PlainText,
  pattern: RegExp,
): Generator<{ written: string; at: number; before: string; after: string }> {
  for (const reading of plain === digits ? [plain] : [plain, digits])
    for (const match of reading.matchAll(pattern)) {
      const written = match.at(-1) ?? '';
      const at = match[0] === '' ? match.index : match.index + match[0].length - written.length;
      const end = at + written.length;
      yield { written, at, before: reading.slice(Math.max(0, at - 16), at), after: reading.slice(end, end + 12) };
    }
}

/** Where the last group of a match stands: patterns that begin with the word for a thing end with the thing. */
export function lastGroup(match: RegExpExecArray | RegExpMatchArray): { written: string; at: number } {
  const written = match.at(-1) ?? '';
  return { written, at: (match.index ?? 0) + match[0].length - written.length };
}
