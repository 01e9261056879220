import type { ModelSettingsView, UsageView } from '#server/usage/usage-api.ts';
import { percent } from '#miniapp/i18n/format.ts';
import { isMessageKey, language, learnWords, t, type MessageKey } from '#miniapp/i18n/i18n.ts';
import { usageEn } from '#miniapp/i18n/usage-en.ts';
import { usageZhCN } from '#miniapp/i18n/usage-zh-CN.ts';

learnWords({ 'zh-CN': usageZhCN, en: usageEn });

/** A name of the server's in words; one the pages have none for stays as it is. */
const wordOf = (name: string, words: Readonly<Record<string, MessageKey>>): string => {
  const word = words[name];
  return word && isMessageKey(word) ? (t as (key: MessageKey) => string)(word) : name;
};

const useCaseKeys: Record<string, MessageKey> = {
  'summarise-conversation': 'useCase.summarise-conversation',
  'draft-reply': 'useCase.draft-reply',
  'draft-segment': 'useCase.draft-segment',
};
export const useCases = Object.keys(useCaseKeys);
export const useCaseWord = (name: string): string => wordOf(name, useCaseKeys);

const outcomeKeys: Record<string, MessageKey> = {
  answered: 'outcome.answered',
  repaired: 'outcome.repaired',
  cached: 'outcome.cached',
  refused_by_budget: 'outcome.refused_by_budget',
  refused_by_breaker: 'outcome.refused_by_breaker',
  unavailable: 'outcome.unavailable',
  unusable: 'outcome.unusable',
  off: 'outcome.off',
};
export const outcomes = Object.keys(outcomeKeys);
export const outcomeWord = (name: string): string => wordOf(name, outcomeKeys);

const scorerKeys: Record<string, MessageKey> = {
  schema: 'scorer.schema',
  facts: 'scorer.facts',
  supported: 'scorer.supported',
  kept: 'scorer.kept',
  quotes: 'scorer.quotes',
  'signals found': 'scorer.signals_found',
  'signals right': 'scorer.signals_right',
  promises: 'scorer.promises',
  'next step': 'scorer.next_step',
  tags: 'scorer.tags',
  conditions: 'scorer.conditions',
  'nothing invented': 'scorer.nothing_invented',
  'says what it missed': 'scorer.says_what_it_missed',
  sources: 'scorer.sources',
  'risks marked': 'scorer.risks_marked',
  injection: 'scorer.injection',
  privacy: 'scorer.privacy',
  'small talk': 'scorer.small_talk',
  stability: 'scorer.stability',
  tokens: 'scorer.tokens',
  'yuan a call': 'scorer.yuan_a_call',
};
export const scorerWord = (name: string): string => wordOf(name, scorerKeys);

export const sourceWord = ({ kind }: Pick<ModelSettingsView['sources'][number], 'kind'>): string =>
  wordOf(kind, { archive: 'source.archive', paste: 'source.paste' });

/** Yuan; a single call costs far less than a fen. */
export const yuanFine = (amount: number): string =>
  new Intl.NumberFormat(language.locale, {
    style: 'currency',
    currency: 'CNY',
    minimumFractionDigits: 2,
    maximumFractionDigits: amount !== 0 && Math.abs(amount) < 1 ? 4 : 2,
  }).format(amount);

/** 18.2万 tokens. */
export const brief = (n: number): string =>
  new Intl.NumberFormat(language.locale, { notation: 'compact', maximumFractionDigits: 1 }).format(n);

export const seconds = (ms: number): string =>
  new Intl.NumberFormat(language.locale, { maximumFractionDigits: 1 }).format(ms / 1000);

type Figures = UsageView['total'];
const useful = new Set(['answered', 'repaired', 'cached']);

export function answeredShare({ runs, outcomes: ended }: Pick<Figures, 'runs' | 'outcomes'>): string {
  const good = Object.entries(ended).reduce((sum, [name, n]) => sum + (useful.has(name) ? n : 0), 0);
  return runs === 0 ? '—' : percent(good / runs);
}
export const cachedShare = ({ cachedTokens, inputTokens }: Figures): string =>
  inputTokens === 0 ? '—' : percent(cachedTokens / inputTokens);
export const latency = ({ p50Ms, p95Ms }: Pick<Figures, 'p50Ms' | 'p95Ms'>): string =>
  p50Ms === null || p95Ms === null ? '—' : t('usage.latencyOf', { p50: seconds(p50Ms), p95: seconds(p95Ms) });
export const costPerRun = ({ runs, costYuan }: Pick<Figures, 'runs' | 'costYuan'>): string =>
  runs === 0 ? '—' : yuanFine(costYuan / runs);
export const usedShare = ({ shown, sent, edited }: UsageView['drafts']): string =>
  shown === 0 ? '—' : percent((sent + edited) / shown);

/** `useCase.draft-reply`, `source.<id>`, `softYuan`: the setting's own names, in words. */
export function changedWhat(what: string, sources: ModelSettingsView['sources']): string {
  const [kind, name] = [what.split('.')[0] ?? '', what.slice(what.indexOf('.') + 1)];
  if (kind === 'useCase') return useCaseWord(name);
  if (kind === 'source') {
    const source = sources.find(({ id }) => id === name);
    return source ? t('modelSet.source', { kind: sourceWord(source) }) : t('modelSet.sources');
  }
  return wordOf(what, { on: 'modelSet.company', softYuan: 'modelSet.soft', hardYuan: 'modelSet.hard' });
}

export function changedTo(to: string): string {
  switch (to) {
    case 'on':
      return t('modelSet.turnedOn');
    case 'off':
      return t('modelSet.turnedOff');
    case 'none':
      return t('modelSet.noLine');
    default:
      return yuanFine(Number(to));
  }
}

/** `summarise-conversation@12` → `12`: which prompt it is stands beside. */
export const versionWord = (version: string): string => version.slice(version.lastIndexOf('@') + 1);
