import { shallowReactive } from 'vue';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

export type MessageKey = keyof typeof zhCN;
export type Locale = 'zh-CN' | 'en';
/** A translation of everything the pages say: a key that is missing does not compile. */
export type Messages = Record<MessageKey, string>;

/** The names in braces of a message. */
export type Blanks<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Blanks<Rest> : never;
type Filling<Key extends MessageKey> = [Blanks<(typeof zhCN)[Key]>] extends [never]
  ? []
  : [Record<Blanks<(typeof zhCN)[Key]>, string | number>];

const all: Record<Locale, Messages> = { 'zh-CN': zhCN, en };
const KEPT_KEY = 'zhike.locale';

export const isMessageKey = (word: string): word is MessageKey => Object.prototype.hasOwnProperty.call(zhCN, word);

export const language = shallowReactive({ locale: 'zh-CN' as Locale });

/**
 * What the page says for `key`, blanks filled. Where a message has two forms (`{n} day|{n} days`) the first is for n = 1.
 * A blank is always text: what a customer wrote stays what it is.
 */
export function t<Key extends MessageKey>(key: Key, ...[filling]: Filling<Key>): string {
  return fill(all[language.locale][key], filling ?? {});
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
