import { shallowReactive } from 'vue';
import type { channelZhCN } from './channel-zh-CN.ts';
import type { broadcastZhCN } from './broadcast-zh-CN.ts';
import type { deskZhCN } from './desk-zh-CN.ts';
import { en } from './en.ts';
import type { factorZhCN } from './factor-zh-CN.ts';
import type { inboxZhCN } from './inbox-zh-CN.ts';
import type { knowledgeZhCN } from './knowledge-zh-CN.ts';
import type { materialSendZhCN } from './material-send-zh-CN.ts';
import type { materialZhCN } from './material-zh-CN.ts';
import type { opportunityZhCN } from './opportunity-zh-CN.ts';
import type { scoringZhCN } from './scoring-zh-CN.ts';
import type { segmentZhCN } from './segment-zh-CN.ts';
import type { seriesDeskZhCN } from './series-desk-zh-CN.ts';
import type { seriesZhCN } from './series-zh-CN.ts';
import type { usageZhCN } from './usage-zh-CN.ts';
import { zhCN } from './zh-CN.ts';

type Words = typeof zhCN &
  typeof inboxZhCN &
  typeof deskZhCN &
  typeof factorZhCN &
  typeof channelZhCN &
  typeof seriesZhCN &
  typeof seriesDeskZhCN &
  typeof materialSendZhCN &
  typeof materialZhCN &
  typeof knowledgeZhCN &
  typeof opportunityZhCN &
  typeof segmentZhCN &
  typeof broadcastZhCN &
  typeof scoringZhCN &
  typeof usageZhCN;
export type MessageKey = keyof Words;
/** What is said as it stands: a message without blanks. */
export type PlainKey = {
  [Key in MessageKey]: [Blanks<Words[Key]>] extends [never] ? Key : never;
}[MessageKey];
export type Locale = 'zh-CN' | 'en';
/** A translation of all that is said in a file of words: a key that is missing does not compile. */
export type Translated<Source> = Record<keyof Source, string>;

/** The names in braces of a message. */
export type Blanks<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Blanks<Rest> : never;
type Filling<Key extends MessageKey> = [Blanks<Words[Key]>] extends [never]
  ? []
  : [Record<Blanks<Words[Key]>, string | number>];

const all: Record<Locale, Record<string, string>> = { 'zh-CN': { ...zhCN }, en: { ...en } };
const KEPT_KEY = 'zhike.locale';

export const isMessageKey = (word: string): word is MessageKey =>
  Object.prototype.hasOwnProperty.call(all['zh-CN'], word);

/** The words of one page only: what the others never say is not loaded with them. */
export function learnWords(words: Readonly<Record<Locale, Readonly<Record<string, string>>>>): void {
  Object.assign(all['zh-CN'], words['zh-CN']);
  Object.assign(all.en, words.en);
}

export const language = shallowReactive({ locale: 'zh-CN' as Locale });

/**
 * What the page says for `key`, blanks filled. Where a message has two forms (`{n} day|{n} days`) the first is for n = 1.
 * A blank is always text: what a customer wrote stays what it is.
 */
export function t<Key extends MessageKey>(key: Key, ...[filling]: Filling<Key>): string {
  return fill(all[language.locale][key] ?? key, filling ?? {});
}

export function fill(message: string, values: Readonly<Record<string, string | number>>): string {
  const forms = message.split('|');
  const form = (values['n'] === 1 ? forms[0] : forms[forms.length - 1]) ?? '';
  return form.replace(/\{(\w+)\}/g, (blank, name: string) => String(values[name] ?? blank));
}

/** The address, then what was chosen here, then the browser. */
export function startLanguage(): void {
  const asked = new URLSearchParams(location.search).get('lang') ?? kept() ?? navigator.language;
  apply(asked.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');
}

export function chooseLanguage(locale: Locale): void {
  try {
    localStorage.setItem(KEPT_KEY, locale);
  } catch {
    // Storage may be off or full: the choice then holds for this page.
  }
  apply(locale);
}

function apply(locale: Locale): void {
  language.locale = locale;
  document.documentElement.lang = locale;
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_KEY);
  } catch {
    return null;
  }
}
