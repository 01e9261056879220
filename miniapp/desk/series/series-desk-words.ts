import type { SeriesStep, SeriesView } from '#server/series/series-api.ts';
import { learnWords, t, type PlainKey } from '#miniapp/i18n/i18n.ts';
import { seriesDeskEn } from '#miniapp/i18n/series-desk-en.ts';
import { seriesDeskZhCN } from '#miniapp/i18n/series-desk-zh-CN.ts';

learnWords({ 'zh-CN': seriesDeskZhCN, en: seriesDeskEn });

export const stateKeys = {
  draft: 'series.stateOf.draft',
  running: 'series.stateOf.running',
  paused: 'series.stateOf.paused',
  ended: 'series.stateOf.ended',
} as const satisfies Record<SeriesView['state'], PlainKey>;
export const entryWord = ({ entry, entryName }: SeriesView): string =>
  t(entry.kind === 'segment' ? 'series.entryOf.segment' : 'series.entryOf.channel', { name: entryName });

export const actionKeys = {
  task: 'series.action.task',
  message: 'series.action.message',
  notice: 'series.action.notice',
} as const satisfies Record<SeriesStep['action']['kind'], PlainKey>;
export const whenKeys = {
  always: 'series.when.always',
  not_replied: 'series.when.not_replied',
} as const satisfies Record<SeriesStep['when'], PlainKey>;
