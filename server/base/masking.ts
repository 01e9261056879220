import { knowNames } from './personal-data/person-names.ts';
import { findPersonalData } from './personal-data/personal-data.ts';

declare const masked: unique symbol;
/** Text without personal data, which is all a model is ever told. Only a Masking makes it out of what people wrote. */
export type MaskedText = string & { readonly [masked]: true };

/** Personal data of one question to the model, taken out before it leaves and put back after. Lives in memory only. */
export interface Masking {
  /**
   * The text with stable placeholders: the same phone is 【手机1】 wherever it is said, and 【手机1-2】 where it is
   * written in a second way. Cut to `charsMax` after that, since half a phone number is not recognised as one, and never
   * inside a placeholder.
   */
  mask(text: string, charsMax?: number): MaskedText;
  /** What `mask` was given, letter by letter. A placeholder that was never handed out stays as it is. */
  unmask(masked: string): string;
  /**
   * Whether an answer speaks of personal data this question never held: a placeholder nobody handed out, or a number that
   * would have been hidden had it stood in the question. The model made it up, or has it from elsewhere.
   */
  hasForeign(masked: string): boolean;
}

const kinds = '手机|电话|证件|银行卡|号码|邮箱|微信|QQ|车牌|地址|姓名|原文';
/** What `mask` writes, as a model may write it again; also what a person may have typed, which then is hidden as 原文. */
const placeholder = new RegExp(`[【［[]\\s?(${kinds})\\s?([0-9０-９]{1,6}(?:[-－][0-9０-９]{1,6})?)\\s?[】］\\]]`, 'g');
const longestPlaceholder = 24;

const nobody = knowNames([]);

/** `names` are those the record knows: of the contact, of the people behind it, of the members who speak with them. */
export function makeMasking(names: readonly (string | null | undefined)[]): Masking {
  const known = knowNames(names);
  const numbers = new Map<string, string>();
  const placeholders = new Map<string, string>();
  const originals = new Map<string, string>();
  const counts = new Map<string, number>();
  const heard: string[] = [];
  const next = (of: string) => {
    const count = (counts.get(of) ?? 0) + 1;
    counts.set(of, count);
    return count;
  };

  function placeholderOf(kind: string, value: string, written: string): string {
    const key = `${kind} ${value}`;
    const existing = placeholders.get(`${key}\n${written}`);
    if (existing) return existing;
    const number = numbers.get(key) ?? `${kind}${next(kind)}`;
    numbers.set(key, number);
    const spelling = next(number);
    const name = spelling === 1 ? number : `${number}-${spelling}`;
    placeholders.set(`${key}\n${written}`, `【${name}】`);
    originals.set(name, written);
    return `【${name}】`;
  }
  const originalOf = (kind = '', number = '') => originals.get(kind + number.normalize('NFKC'));

  /** What stands between the placeholders. */
  function hidden(text: string): string {
    let result = '';
    let from = 0;
    for (const { kind, start, end, value } of findPersonalData(text, known)) {
      result += text.slice(from, start) + placeholderOf(kind, value, text.slice(start, end));
      from = end;
    }
    return result + text.slice(from);
  }

  return {
    mask(text, charsMax = Infinity) {
      heard.push(text);
      let result = '';
      let from = 0;
      for (const { 0: typed, index } of text.matchAll(placeholder)) {
        result += hidden(text.slice(from, index)) + placeholderOf('原文', typed, typed);
        from = index + typed.length;
      }
      return cut(result + hidden(text.slice(from)), charsMax) as MaskedText;
    },
    unmask: (text) =>
      text.replace(placeholder, (name, kind: string, number: string) => originalOf(kind, number) ?? name),
    hasForeign: (text) =>
      [...text.matchAll(placeholder)].some(([, kind, number]) => originalOf(kind, number) === undefined) ||
      text
        .split(placeholder)
        .some((piece) =>
          findPersonalData(piece, nobody).some(
            ({ kind, start, end }) => kind !== '姓名' && !heard.some((one) => one.includes(piece.slice(start, end))),
          ),
        ),
  };
}

/** A name as it may be told outside of the data: as its placeholder and nothing beside. Null for one that is not wholly hidden. */
export function hiddenName(masking: Masking, name: string): MaskedText | null {
  const masked = masking.mask(name.trim()).replaceAll(/[\p{Cf}\p{Variation_Selector}]/gu, '');
  return /^【姓名[\d-]{1,13}】$/.test(masked) ? (masked as MaskedText) : null;
}

function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, charsMax);
  const opened = kept.lastIndexOf('【');
  const halved = text.slice(Math.max(0, opened), charsMax + longestPlaceholder).search(placeholder) === 0;
  return opened >= 0 && halved && kept.indexOf('】', opened) < 0 ? kept.slice(0, opened) : kept.toWellFormed();
}

/** A string that may be anything is refused; one of known words, such as 'contact', is not. */
type Told<T> = T extends string
  ? string extends T
    ? never
    : T
  : T extends object
    ? { [Key in keyof T]: Told<T[Key]> }
    : T;

/** One line of JSON that cannot close the fence around it: what a customer writes stays data. */
export const asData = <const T>(value: Told<T>) =>
  JSON.stringify(value).replaceAll('<', String.raw`\u003c`) as MaskedText;

/** Lines of `asData`, one under the other. */
export const asLines = (lines: readonly MaskedText[]) => lines.join('\n') as MaskedText;

/** Masked text within words of our own: what is put in has been masked, what stands around it is written here. */
export const told = (words: TemplateStringsArray, ...values: readonly (MaskedText | number)[]) =>
  String.raw({ raw: words }, ...values) as MaskedText;

/** One line that cannot close the fence around it, of the same length: what is found in it stands there in the text. */
export const asLine = (text: MaskedText) => oneLine(text) as MaskedText;

/** What `asLine` makes of words, letter for letter. */
export const oneLine = (text: string) =>
  text
    .replaceAll('\n', '⏎')
    .replace(/[\r\v\f\u0085\u2028\u2029]/g, ' ')
    .replaceAll('<', '＜');
