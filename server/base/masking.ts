import { findPersonalData, type PersonalData } from './personal-data.ts';

declare const masked: unique symbol;
/** Text without personal data, which is all a model is ever told. Only a Masking makes it out of what people wrote. */
export type MaskedText = string & { readonly [masked]: true };

/** Personal data of one question to the model, taken out before it leaves and put back after. Lives in memory only. */
export interface Masking {
  /**
   * The text with stable placeholders: the same phone is 【手机1】 wherever it is said. Cut to `charsMax` after that,
   * since half a phone number is not recognised as one, and never inside a placeholder.
   */
  mask(text: string, charsMax?: number): MaskedText;
  /** What `mask` was given, letter by letter. A placeholder that was never handed out stays as it is. */
  unmask(masked: string): string;
  /** Whether the text speaks of hidden data that this question never held: the model made it up. */
  hasForeign(masked: string): boolean;
}

type Kind = PersonalData['kind'] | '原文';

const kinds = ['手机', '电话', '证件', '银行卡', '号码', '邮箱', '微信', '车牌', '地址', '姓名', '原文'] as const;

/** What `mask` writes and `unmask` reads; also what a person may have typed, which then counts as something to hide. */
const placeholder = new RegExp(`【(?:${kinds.join('|')})\\d+】`, 'g');

/** `names` are those the record knows: of the contact, of the people behind it, of the members who speak with them. */
export function makeMasking(names: readonly (string | null | undefined)[]): Masking {
  const known = [...new Set(names.flatMap((name) => name?.trim() ?? []))].filter((name) => name.length >= 2);
  const placeholders = new Map<string, string>();
  const originals = new Map<string, string>();
  const counts = new Map<Kind, number>();

  function placeholderOf(kind: Kind, original: string): string {
    const existing = placeholders.get(original);
    if (existing) return existing;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `【${kind}${count}】`;
    placeholders.set(original, name);
    originals.set(name, original);
    return name;
  }

  return {
    mask(text, charsMax = Infinity) {
      const typed = [...text.matchAll(placeholder)].map(({ 0: found, index }) => ({
        kind: '原文' as const,
        start: index,
        end: index + found.length,
      }));
      let result = '';
      let from = 0;
      for (const { kind, start, end } of merged([...typed, ...findPersonalData(text, known)])) {
        result += text.slice(from, start) + placeholderOf(kind, text.slice(start, end));
        from = end;
      }
      return cut(result + text.slice(from), charsMax) as MaskedText;
    },
    unmask: (text) => text.replace(placeholder, (name) => originals.get(name) ?? name),
    hasForeign: (text) => [...text.matchAll(placeholder)].some(([name]) => !originals.has(name)),
  };
}

/** Spans that overlap become one: half a hidden number is no hidden number. */
function merged<S extends { start: number; end: number }>(spans: S[]): S[] {
  const result: S[] = [];
  for (const span of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last && span.start < last.end) last.end = Math.max(last.end, span.end);
    else result.push({ ...span });
  }
  return result;
}

function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const kept = text.slice(0, charsMax);
  const opened = kept.lastIndexOf('【');
  const whole =
    opened < 0 ? null : [...text.slice(opened, charsMax + 20).matchAll(placeholder)].find(({ index }) => index === 0);
  return whole && opened + whole[0].length > charsMax ? kept.slice(0, opened) : kept;
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
