import type { ModelCard, ScoringTarget } from '#server/scoring/model-api.ts';
import { dayAndTime } from '#miniapp/i18n/format.ts';
import { isMessageKey, language, learnWords, t, type MessageKey } from '#miniapp/i18n/i18n.ts';
import { scoringEn } from '#miniapp/i18n/scoring-en.ts';
import { scoringZhCN } from '#miniapp/i18n/scoring-zh-CN.ts';

learnWords({ 'zh-CN': scoringZhCN, en: scoringEn });

export const targets = ['lead', 'churn'] as const satisfies readonly ScoringTarget[];

/** `lead@7`: as every score made by it says. */
export const nameOf = ({ target, version }: Pick<ModelCard, 'target' | 'version'>): string => `${target}@${version}`;

/** What a feature is called; one the pages have no word for keeps its own name. */
export function featureWord(key: string): string {
  const word = `feature.${key}`;
  return isMessageKey(word) ? (t as (key: MessageKey) => string)(word) : key;
}

/** A figure of three decimals, as 0.842, with a real minus. */
export const fine = (value: number): string =>
  new Intl.NumberFormat(language.locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 })
    .format(value)
    .replace('-', '−');
export const times = (value: number): string =>
  t('model.times', { n: new Intl.NumberFormat(language.locale, { maximumFractionDigits: 1 }).format(value) });

/** The newest outcomes a model was tested with. */
export const testedRows = ({ deciles }: Pick<ModelCard, 'deciles'>): number =>
  deciles.reduce((sum, { rows }) => sum + rows, 0);

/** Why it is used or not, as a sentence. */
export function decisionSentence(card: ModelCard): string {
  const { decision, state } = card;
  if (!decision) return t(state === 'champion' ? 'model.decision.first' : 'model.decision.none');
  const { outcome, gain, low, high } = decision;
  if (outcome === 'by_hand') {
    return t('model.decision.by_hand', { by: decision.by ?? '', reason: decision.reason ?? '' });
  }
  if (gain === null || low === null || high === null) return t(plainDecisions[outcome]);
  const filling = { n: testedRows(card), gain: fine(gain), low: fine(low), high: fine(high) };
  switch (outcome) {
    case 'promoted':
      return t('model.decision.promoted', filling);
    case 'kept':
      return t('model.decision.kept', filling);
    case 'undecided':
      return t('model.decision.undecided', filling);
  }
}
const plainDecisions = {
  promoted: 'model.decision.promotedPlain',
  kept: 'model.decision.keptPlain',
  undecided: 'model.decision.undecidedPlain',
} as const;

export const decidedAt = ({ decision }: ModelCard): string | null =>
  decision && t('model.decision.at', { time: dayAndTime(decision.at) });

/** What must be known before the figures are believed. */
export function warningSentence({ code, feature }: ModelCard['warnings'][number]): string {
  const filling = { feature: feature === null ? '' : featureWord(feature) };
  switch (code) {
    case 'few_outcomes':
      return t('model.warning.few_outcomes');
    case 'leak':
      return t('model.warning.leak', filling);
    case 'drifted':
      return feature === null ? t('model.warning.driftedAll') : t('model.warning.drifted', filling);
    case 'one_sided':
      return feature === null ? t('model.warning.oneSidedAll') : t('model.warning.one_sided', filling);
    case 'old':
      return t('model.warning.old');
  }
}
