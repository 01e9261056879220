import type { ScoreView } from '#server/scoring/scoring-api.ts';
import { t } from '#miniapp/i18n/i18n.ts';

/** What a rep set stands before what was computed. */
export const shownScore = (score: ScoreView): number => score.override?.value ?? score.value;

export function levelWord(level: ScoreView['level']): string {
  switch (level) {
    case 'high':
      return t('score.high');
    case 'medium':
      return t('score.medium');
    case 'low':
      return t('score.low');
  }
}
