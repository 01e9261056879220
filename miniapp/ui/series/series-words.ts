import type { RunView, SeriesStep } from '#server/series/series-api.ts';
import { learnWords, t, type PlainKey } from '#miniapp/i18n/i18n.ts';
import { seriesEn } from '#miniapp/i18n/series-en.ts';
import { seriesZhCN } from '#miniapp/i18n/series-zh-CN.ts';

learnWords({ 'zh-CN': seriesZhCN, en: seriesEn });

const runKeys = {
  running: 'series.runState.running',
  paused: 'series.runState.paused',
  done: 'series.runState.done',
  left: 'series.runState.left',
} as const satisfies Record<RunView['state'], PlainKey>;
export const runWord = (state: RunView['state']): string => t(runKeys[state]);

const leftKeys = {
  replied: 'series.left.replied',
  opted_out: 'series.left.opted_out',
  removed: 'series.left.removed',
  ended: 'series.left.ended',
  by_hand: 'series.left.by_hand',
} as const satisfies Record<NonNullable<RunView['leftBecause']>, PlainKey>;
export const leftWord = (because: NonNullable<RunView['leftBecause']>): string => t(leftKeys[because]);

/** Why a step was not done; what this page has no words for is shown as it was said. */
export function reasonWord(reason: string): string {
  if (reason === 'late') return t('series.late');
  return reason in leftKeys ? t(leftKeys[reason as keyof typeof leftKeys]) : reason;
}

/** `第 3 天 09:30`. */
export const whenWord = ({ afterDays, at }: SeriesStep): string =>
  afterDays === 0 ? t('series.atEntry', { time: at }) : t('series.at', { n: afterDays, time: at });

export function actionWord({ action }: SeriesStep): string {
  switch (action.kind) {
    case 'task':
      return t('series.do.task', { text: action.title });
    case 'message':
      return t('series.do.message', { text: action.text });
    case 'notice':
      return t('series.do.notice', { text: action.text });
  }
  return action satisfies never;
}
