import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { healthOf, type HealthFacts } from '#server/health/health.ts';
import { features, STRANGE } from '#server/scoring/features.ts';
import type { Said } from '#server/scoring/said.ts';
import { scoreOf, type ScoreFacts } from '#server/scoring/score.ts';
import { factorView } from '#server/scoring/scoring-api.ts';
import { signalKinds } from '#server/summary/summary-answer.ts';
import { factorEn } from '#miniapp/i18n/factor-en.ts';
import { factorZhCN } from '#miniapp/i18n/factor-zh-CN.ts';
import { language } from '#miniapp/i18n/i18n.ts';
import { scoringEn } from '#miniapp/i18n/scoring-en.ts';
import { scoringZhCN } from '#miniapp/i18n/scoring-zh-CN.ts';
import { factorText } from '#miniapp/ui/factor-words.ts';

const server = path.join(import.meta.dirname, '..', '..', 'server');
const sources = ['scoring', 'health'].flatMap((room) =>
  readdirSync(path.join(server, room)).map((file) => readFileSync(path.join(server, room, file), 'utf8')),
);
const DAY_MS = 86_400_000;
const now = new Date('2026-03-02T03:00:00Z');
const ago = (days: number) => new Date(now.getTime() - days * DAY_MS);

type SaidFactor = Said & { key: string };
const said = (factors: readonly { key: string; text: string; says?: Said['says'] | undefined }[]): SaidFactor[] =>
  factors.map(({ key, text, says = { key: '', values: {} } }) => ({ key, text, says }));
const signalsOf = (count: number) =>
  signalKinds.map((signal) => {
    const quotes = Array.from({ length: count }, (_, n) => ({
      messageId: `${n}`,
      quote: '',
      at: ago(1).toISOString(),
    }));
    return { signal, quotes };
  });

/** Everything a model's reasons can say. */
const ofFeatures = (): SaidFactor[] =>
  features.flatMap((feature) => {
    if (feature.kind === 'number')
      return [null, 0, 1, 3, 12_000].map((value) => ({ key: feature.key, ...feature.say(value) }));
    const words = feature.kind === 'word' ? feature.words : ['展会'];
    return [null, STRANGE, ...words].map((word) => ({ key: feature.key, ...feature.say(word) }));
  });

/** What the table of points says of contacts of all kinds. */
function ofScores(): SaidFactor[] {
  const facts: ScoreFacts = { contact: { corpName: '恒达' }, bindings: [], messages: [], signals: [] };
  const roles = ['decision_maker', 'buyer', 'influencer', 'user', 'other'];
  const bound = ['A', 'B', 'C', 'D', null].flatMap((grade) => roles.map((role) => ({ role, grade })));
  const spoken = [0.5, 2.5, 20, 40].flatMap((days) => [1, 5, 12].map((count) => ({ days, count })));
  return [
    ...bound.map((binding) => ({ ...facts, bindings: [binding] })),
    ...spoken.map(({ days, count }) => ({
      ...facts,
      messages: Array.from({ length: count }, () => ({ sender: 'contact' as const, at: ago(days) })),
    })),
    { ...facts, signals: signalsOf(1) },
    { ...facts, signals: signalsOf(3), bindings: [{ role: 'buyer', grade: 'A' }] },
    {
      ...facts,
      signals: signalsOf(3).filter(({ signal }) => signal === 'negative' || signal === 'postpones'),
      messages: [{ sender: 'contact' as const, at: ago(40) }],
    },
  ].flatMap((some) => said(scoreOf(some, now).factors));
}

/** And of how the relation with a customer stands. */
function ofHealth(): SaidFactor[] {
  const facts: HealthFacts = {
    deals: { count: 1, lastAt: null, fen: 0, fenBefore: 0 },
    hasOpenOpportunity: false,
    follows: { active: 1, deletedAt: null },
    theirs: { count: 20, lastAt: ago(5), recent: 10, before: 20, usualGapDays: 3 },
    waiting: { since: null, slow: 0 },
    signals: [],
  };
  const { theirs } = facts;
  return [
    { ...facts, follows: { active: 1, deletedAt: ago(1) } },
    { ...facts, theirs: { ...theirs, lastAt: ago(20), recent: 1 } },
    { ...facts, waiting: { since: ago(3), slow: 2 }, signals: signalsOf(1) },
    { ...facts, deals: { count: 2, lastAt: ago(100), fen: 120_000, fenBefore: 3_600_000 }, signals: signalsOf(2) },
    {
      ...facts,
      deals: { count: 1, lastAt: ago(10), fen: 9, fenBefore: 0 },
      theirs: { ...theirs, lastAt: ago(1) },
      hasOpenOpportunity: true,
    },
    {
      ...facts,
      follows: { active: 0, deletedAt: ago(1) },
      theirs: { ...theirs, lastAt: ago(40), recent: 0 },
      signals: signalsOf(3),
    },
  ].flatMap((some) => said(healthOf(some, now).factors));
}

const rules = [...ofScores(), ...ofHealth()];
const all = [...ofFeatures(), ...rules];

afterEach(() => {
  language.locale = 'zh-CN';
});

test('the cases of this file meet every reason the rules know', () => {
  const known = ['score.ts', 'health.ts'].flatMap((file) => {
    const room = file === 'score.ts' ? 'scoring' : 'health';
    return [...readFileSync(path.join(server, room, file), 'utf8').matchAll(/\bkey: '([\w.]+)'/g)].map(
      ([, key]) => key,
    );
  });
  expect(known.length).toBeGreaterThan(15);
  expect(known.filter((key) => !rules.some((factor) => factor.key === key))).toEqual([]);
});

test('every reason has words in both languages, and the Chinese ones are those that are kept with the score', () => {
  const different = all.filter((factor) => factorText(factor).replaceAll(',', '') !== factor.text.replaceAll(',', ''));
  expect(different).toEqual([]);
  const literal = sources.flatMap((text) =>
    [...text.matchAll(/\b(?:said|saidOften)\(\s*'([\w.]+)'/g)].map(([, key]) => key),
  );
  const keys = new Set([...all.map(({ says }) => says.key), ...literal].map((key) => `factor.${key}`));
  expect([...keys].filter((key) => !Object.hasOwn(factorZhCN, key) || !Object.hasOwn(factorEn, key))).toEqual([]);
  expect(Object.keys(factorZhCN).filter((key) => !keys.has(key))).toEqual([]);
});

test('in English every reason is English, but for the company’s own words, and leaves no blank', () => {
  language.locale = 'en';
  const wrong = all
    .map((factor) => factorText(factor).replace('展会', 'expo'))
    .filter((text) => /\p{Script=Han}|[{}|]/u.test(text));
  expect(wrong).toEqual([]);
});

test('every feature is named on the model card in both languages', () => {
  const unnamed = features
    .map(({ key }) => `feature.${key}`)
    .filter((key) => !Object.hasOwn(scoringZhCN, key) || !Object.hasOwn(scoringEn, key));
  expect(unnamed).toEqual([]);
});

test('one and several are said as English says them, and large numbers as their readers write them', () => {
  language.locale = 'en';
  const text = (key: string, value: number) => {
    const feature = features.find((one) => one.key === key);
    return feature?.kind === 'number' ? factorText({ key, ...feature.say(value) }) : '';
  };
  expect(text('silentDays', 1)).toBe('They last wrote 1 day ago');
  expect(text('silentDays', 12)).toBe('They last wrote 12 days ago');
  expect(text('monetary', 12_000)).toBe('Bought for ¥12,000 in a year');
  expect(text('signal.asks_price', 2)).toBe('Asked for the price ×2');
});

test('what was kept before there were words is shown as it was written down, the sums’ own lines in every language', () => {
  const old = factorView.parse({ key: 'silent', points: 12, text: '42 天没有消息', pointer: { field: 'contact' } });
  expect(factorText(old)).toBe('42 天没有消息');
  language.locale = 'en';
  expect(factorText(old)).toBe('42 天没有消息');
  expect(factorText({ ...old, key: 'start', text: '起点' })).toBe('Starting point');
  expect(factorText({ ...old, says: { key: 'never_heard_of', values: {} } })).toBe('42 天没有消息');
  expect(factorText({ ...old, says: { key: 'constructor', values: {} } })).toBe('42 天没有消息');
});
