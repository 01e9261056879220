import { expect, test } from 'vitest';
import { compile } from '#server/learning/compile.ts';
import { pointsOf, type Explanation } from '#server/learning/explain.ts';
import { sigmoid } from '#server/learning/odds.ts';
import type { RawRow } from '#server/learning/table.ts';
import { train } from '#server/learning/train.ts';
import type { TrainedModel } from '#server/learning/trained-model.ts';
import { seededRandom } from '#tests/support/random.ts';
import { bystanders, drivers, generatedHistory } from './history.ts';

const history = generatedHistory(2500, 11);
const { model } = train(history, { parts: 3, trees: { roundsMax: 100 } });

const blend = train(history, { parts: 3, kinds: ['blend'], trees: { roundsMax: 30 } }).model;

/** The same data with each kind of model in it. */
const variants: TrainedModel[] = [
  { ...blend, shares: { logistic: 0.4, trees: 0.6 } },
  { ...blend, shares: { logistic: 0, trees: 1 }, calibration: { kind: 'beta', yes: 0.9, no: 1.3, shift: 0.2 } },
  {
    ...blend,
    shares: { logistic: 1, trees: 0 },
    calibration: { kind: 'isotonic', margins: [-3, -1, 0, 2], probabilities: [0.01, 0.1, 0.4, 0.95] },
    refresh: { slope: 0.8, shift: 0.6 },
  },
];

test('in ten thousand random cases the reasons add up to the score exactly', () => {
  const { seed, random } = fromSeed();
  const scorers = variants.map(compile);
  const wrong: number[] = [];
  for (let round = 0; round < 10_000; round++) {
    const scorer = scorers[round % scorers.length];
    const row = randomRow(random);
    const explanation = scorer?.explain(row);
    const scored = scorer?.score(row);
    if (!explanation || !scored) continue;
    const sum = explanation.contributions.reduce((all, { contribution }) => all + contribution, explanation.base);
    const isExact = Math.abs(sum - scored.margin) < 1e-9 && sumOf(explanation, 0) === scored.score;
    if (!isExact || sumOf(explanation, 1) !== 10 * scored.score) wrong.push(round);
  }
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
});

test('points of made-up explanations add up too, however the parts cancel out', () => {
  const { seed, random } = fromSeed();
  const wrong: number[] = [];
  for (let round = 0; round < 10_000; round++) {
    const contributions = Array.from({ length: Math.floor(random() * 30) }, (_, i) => ({
      feature: `f${i}`,
      value: null,
      contribution: (random() - 0.5) * 10 ** (random() * 3 - 2),
    }));
    const base = (random() - 0.5) * 8;
    const margin = contributions.reduce((all, each) => all + each.contribution, base);
    const [baseProbability, probability] = [sigmoid(base), sigmoid(margin)];
    const score = Math.round(100 * probability);
    if (sumOf({ base, margin, contributions, baseProbability, probability, score }, 0) !== score) wrong.push(round);
  }
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
});

test('the reasons find what moved the outcomes, in the order it moved them, and blame nothing else', () => {
  const found = compile(model)
    .importance(history.columns)
    .map(({ feature }) => feature);
  expect(found.slice(0, drivers.length)).toEqual(drivers);
  expect(found.slice(drivers.length).sort()).toEqual([...bystanders].sort());
});

/** In units of the last digit; NaN when a part is not whole in them. */
function sumOf(explanation: Explanation, decimals: 0 | 1): number {
  const unit = 10 ** decimals;
  const { base, reasons, others } = pointsOf(explanation, { top: 3, decimals });
  const parts = [...reasons.map(({ points }) => points), others].map((points) => points * unit);
  if (parts.some((part) => Math.abs(part - Math.round(part)) > 1e-9)) return Number.NaN;
  return parts.reduce((all, part) => all + Math.round(part), base * unit);
}

function fromSeed() {
  const { seed, below } = seededRandom();
  return { seed, random: () => below(2 ** 32) / 2 ** 32 };
}

function randomRow(random: () => number): RawRow {
  const maybe = <T>(value: T) => (random() < 0.15 ? null : value);
  return {
    budget: maybe(random() * 120_000),
    luckyNumber: maybe(random()),
    quoteAsked: maybe(Math.round(random())),
    zodiac: maybe(random() < 0.1 ? '龙' : '鼠'),
    replies: maybe(Math.round(random() * 25)),
    source: maybe(['广告', '展会', '转介绍', '官网', '别的'][Math.floor(random() * 5)] ?? null),
    silentDays: maybe(random() * 40),
  };
}
