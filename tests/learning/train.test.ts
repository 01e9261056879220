import { expect, test } from 'vitest';
import { isBetter } from '#server/learning/compare.ts';
import { compile } from '#server/learning/compile.ts';
import { driftLarge } from '#server/learning/drift.ts';
import { measure } from '#server/learning/metrics.ts';
import { sigmoid } from '#server/learning/odds.ts';
import { seeded } from '#server/learning/seeded.ts';
import { categoryColumn, makeTable, numberColumn, rawRow, takeRows, type Table } from '#server/learning/table.ts';
import { refresh, train, type TrainOptions } from '#server/learning/train.ts';
import { trainedModel } from '#server/learning/trained-model.ts';
import { generatedHistory } from './history.ts';

const quick: TrainOptions = { parts: 3, trees: { roundsMax: 60, learningRate: 0.15 } };
const history = generatedHistory(3000, 3);
const past = takeRows(history, rowsFrom(0, 2000));
const later = takeRows(history, rowsFrom(2000, 3000));
const { model, heldOut } = train(past, quick);

test('the same history gives the same model, to the last digit', () => {
  expect(train(past, quick).model).toEqual(model);
  expect(train(past, { ...quick, seed: 2, kinds: ['trees'] }).model).not.toEqual(
    train(past, { ...quick, kinds: ['trees'] }).model,
  );
});

test('a model kept as JSON says the same when it is read back, and anything else is not taken for one', () => {
  const readBack = trainedModel.parse(JSON.parse(JSON.stringify(model)));
  expect(compile(readBack).scoreColumns(later.columns)).toEqual(compile(model).scoreColumns(later.columns));
  expect(trainedModel.safeParse({ ...model, version: 2 }).success).toBe(false);
  const [first, ...rest] = model.features;
  expect(trainedModel.safeParse({ ...model, features: [...rest, first, first] }).success).toBe(false);
});

test('a row by itself and a row among many get the same score', () => {
  const scorer = compile(model);
  const many = scorer.scoreColumns(later.columns);
  for (const row of [0, 1, 500, 999]) expect(scorer.score(rawRow(later, row)).probability).toBe(many[row]);
});

test('what is not known, and words never heard before, get a score too', () => {
  const scorer = compile(model);
  const nothing = scorer.score({});
  expect(nothing.score).toBeGreaterThanOrEqual(0);
  expect(scorer.score({ source: null, replies: Number.NaN })).toEqual(nothing);
  expect(Number.isFinite(scorer.score({ source: '__proto__', zodiac: 'constructor', replies: 1e300 }).margin)).toBe(
    true,
  );
});

test('probabilities can be bet on: of rows never seen, as many come true as was said', () => {
  const { auc, ece, logLoss } = measure(compile(model).scoreColumns(later.columns), later.label);
  expect(auc).toBeGreaterThan(0.8);
  expect(ece).toBeLessThan(0.07);
  const rate = past.label.reduce((sum, each) => sum + each, 0) / past.label.length;
  const constant = measure(new Float64Array(later.label.length).fill(rate), later.label);
  expect(logLoss).toBeLessThan(constant.logLoss * 0.8);
  expect(model.report.heldOut.rows).toBe(past.label.length);
  expect(new Set(heldOut.rows).size).toBe(past.label.length);
});

test('what only trees can see is left to trees', () => {
  const random = seeded(8);
  const crossed = rowsOf(1500, () => {
    const [a, b] = [random(), random()];
    return { a, b, was: random() < (a > 0.5 === b > 0.5 ? 0.9 : 0.1) };
  });
  const chosen = train(crossed, quick).model.report;
  expect(chosen.chosen).not.toBe('logistic');
  const [logistic, trees] = chosen.candidates;
  expect(logistic?.auc).toBeLessThan(0.6);
  expect(trees?.auc).toBeGreaterThan(0.85);
});

test('where rows have a time, a model is judged on rows newer than those it learned from', () => {
  const order = Float64Array.from(past.label, (_, row) => row);
  const inTime = train({ ...past, order }, quick);
  expect(inTime.model.report.validation).toBe('time');
  expect(Math.min(...inTime.heldOut.rows)).toBeGreaterThanOrEqual(1000);
});

test('a history that starts with one outcome only, or is very short, still gives a model', () => {
  const order = Float64Array.from(past.label, (was, row) => (was ? 1e6 : 0) + row);
  expect(train({ ...past, order }, quick).model.report.rows).toBe(past.label.length);
  const short = takeRows(past, rowsFrom(0, 24));
  const scorer = compile(train({ ...short, order: Float64Array.from(short.label, Number) }, quick).model);
  expect(scorer.scoreColumns(short.columns).every((p) => p > 0 && p < 1)).toBe(true);
});

test('many columns with many words share the weights there may be', () => {
  const random = seeded(77);
  const wide = Array.from({ length: 60 }, (_, j) =>
    categoryColumn(
      `w${j}`,
      Array.from({ length: 600 }, () => `v${Math.floor(random() * 25)}`),
    ),
  );
  const table = { ...takeRows(past, rowsFrom(0, 600)), columns: wide };
  const { report, logistic } = train(table, { ...quick, kinds: ['logistic'] }).model;
  expect(report.rows).toBe(600);
  expect(logistic?.weights.length).toBe(60);
});

test('when the times change, the newest outcomes move the probabilities, and few outcomes move them little', () => {
  const random = seeded(4);
  const scorer = compile(model);
  const margins = scorer.scoreColumns(later.columns).map((p) => Math.log(p / (1 - p)) + 1.5);
  const moved = Uint8Array.from(margins, (margin) => (random() < sigmoid(margin) ? 1 : 0));
  const stale = scorer.scoreColumns(later.columns);
  const fresh = compile(refresh(model, stale.subarray(0, 500), moved.subarray(0, 500))).scoreColumns(later.columns);
  const eceOf = (said: Float64Array) => measure(said.subarray(500), moved.subarray(500)).ece;
  expect(eceOf(stale)).toBeGreaterThan(0.15);
  expect(eceOf(fresh)).toBeLessThan(eceOf(stale) / 2);
  expect(isBetter(stale.subarray(500), fresh.subarray(500), moved.subarray(500))).toBe(true);
  const hardly = refresh(model, stale.subarray(0, 3), Uint8Array.of(1, 1, 1)).refresh;
  expect(Math.abs(hardly?.shift ?? 9)).toBeLessThan(0.8);
  expect(hardly?.slope).toBe(1);
});

test('a refresh on top of a refresh starts from what the model says now', () => {
  const said = compile(model).scoreColumns(later.columns);
  const once = refresh(model, said, later.label);
  const again = refresh(once, compile(once).scoreColumns(later.columns), later.label);
  expect(again.refresh?.shift).toBeCloseTo(once.refresh?.shift ?? 9, 1);
});

test('rows that look like those learned from show no drift, others do, and the feature that moved is named', () => {
  const scorer = compile(model);
  expect(scorer.drift(later.columns).score).toBeLessThan(0.1);
  const moved = later.columns.map((column) =>
    column.name === 'silentDays' && column.kind === 'number'
      ? { ...column, values: column.values.map((value) => value + 15) }
      : column,
  );
  const drift = scorer.drift(moved);
  expect(drift.features[0]?.name).toBe('silentDays');
  expect(drift.features[0]?.psi).toBeGreaterThan(driftLarge);
  expect(drift.features[1]?.psi).toBeLessThan(0.1);
});

function rowsOf(count: number, make: () => { a: number; b: number; was: boolean }): Table {
  const rows = Array.from({ length: count }, make);
  return makeTable(
    [
      numberColumn(
        'a',
        rows.map(({ a }) => a),
      ),
      numberColumn(
        'b',
        rows.map(({ b }) => b),
      ),
    ],
    rows.map(({ was }) => was),
  );
}

function rowsFrom(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, i) => from + i);
}
