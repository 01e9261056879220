import type { DocumentView } from '#server/knowledge/knowledge-api.ts';
import { learnWords, t } from '#miniapp/i18n/i18n.ts';
import { knowledgeEn } from '#miniapp/i18n/knowledge-en.ts';
import { knowledgeZhCN } from '#miniapp/i18n/knowledge-zh-CN.ts';

learnWords({ 'zh-CN': knowledgeZhCN, en: knowledgeEn });

const megabyte = 1024 * 1024;
/** What the server takes; checked here so that a large file need not travel to be refused. */
export const FILE_BYTES_MAX = 20 * megabyte;
export const endings = ['.md', '.markdown', '.txt', '.docx', '.pdf'];

export const sizeWord = (bytes: number): string =>
  bytes >= megabyte ? `${(bytes / megabyte).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;

const kinds = {
  markdown: 'knowledge.kind.markdown',
  text: 'knowledge.kind.text',
  word: 'knowledge.kind.word',
  pdf: 'knowledge.kind.pdf',
} as const;
export const kindWord = (kind: DocumentView['kind']): string => t(kinds[kind]);

const states = {
  reading: 'knowledge.state.reading',
  ready: 'knowledge.state.ready',
  failed: 'knowledge.state.failed',
} as const;
export const stateWord = (state: DocumentView['state']): string => t(states[state]);

const whys = {
  'knowledge.empty': 'knowledge.why.empty',
  'knowledge.no_text': 'knowledge.why.no_text',
  'knowledge.encrypted': 'knowledge.why.encrypted',
  'knowledge.wrong_extension': 'knowledge.why.wrong_extension',
  'knowledge.not_text': 'knowledge.why.not_text',
  'knowledge.damaged': 'knowledge.why.damaged',
  'knowledge.too_large_inside': 'knowledge.why.too_large_inside',
  'knowledge.too_long': 'knowledge.why.too_long',
  'knowledge.too_slow': 'knowledge.why.too_slow',
} as const;
export const whyWord = (code: string): string =>
  t(Object.hasOwn(whys, code) ? whys[code as keyof typeof whys] : 'knowledge.why.damaged');

/** Why a file is not sent at all; null when it may be. */
export function problemOf(file: File): string | null {
  if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) return t('refused.knowledge.file_type');
  if (file.size === 0) return t('refused.knowledge.file_empty');
  return file.size > FILE_BYTES_MAX ? t('refused.knowledge.file_too_large') : null;
}
