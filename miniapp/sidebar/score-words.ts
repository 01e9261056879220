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

/** As OUTCOMES_NEEDED of model-api.ts: its values would bring zod along. A test compares what is said. */
const OUTCOMES_NEEDED = 200;

/** What made it, so that nobody takes a table of points for something that learned. */
export function basisWord({ basis, method, outcomes }: Pick<ScoreView, 'basis' | 'method' | 'outcomes'>): string {
  if (basis === 'model') return t('score.basis.model', { name: method });
  return outcomes === null ? t('score.basis.rules') : t('score.basis.few', { n: outcomes, needed: OUTCOMES_NEEDED });
}
