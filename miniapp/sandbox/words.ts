import { fill, language, type Blanks, type Locale } from '#miniapp/i18n/i18n.ts';
import { dingtalkEn, dingtalkZh } from './words/dingtalk-words.ts';
import { faultEn, faultZh } from './words/fault-words.ts';
import { pageEn, pageZh } from './words/page-words.ts';
import { phoneEn, phoneZh } from './words/phone-words.ts';
import { refusedEn, refusedZh } from './words/refused-words.ts';
import { storyEn, storyZh } from './words/story-words.ts';
import { wecomEn, wecomZh } from './words/wecom-words.ts';
import { wireEn, wireZh } from './words/wire-words.ts';

/** What the sandbox's own page says; apart from the pages' dictionary so that the sidebar does not carry it. */
export const zh = {
  ...pageZh,
  ...storyZh,
  ...wecomZh,
  ...phoneZh,
  ...dingtalkZh,
  ...wireZh,
  ...faultZh,
  ...refusedZh,
};

export const en: Record<keyof typeof zh, string> = {
  ...pageEn,
  ...storyEn,
  ...wecomEn,
  ...phoneEn,
  ...dingtalkEn,
  ...wireEn,
  ...faultEn,
  ...refusedEn,
};

export type Word = keyof typeof zh;
type Filling<Key extends Word> = [Blanks<(typeof zh)[Key]>] extends [never]
  ? []
  : [Record<Blanks<(typeof zh)[Key]>, string | number>];

const all: Record<Locale, Record<Word, string>> = { 'zh-CN': zh, en };

export function w<Key extends Word>(key: Key, ...[filling]: Filling<Key>): string {
  return fill(all[language.locale][key], filling ?? {});
}

export const isWord = (key: string): key is Word => key in zh;
