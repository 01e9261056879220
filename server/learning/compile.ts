import { applyBins, binner, type Binned } from './bins.ts';
import { calibrator } from './calibration.ts';
import { driftOf, type Drift } from './drift.ts';
import { scoreOf, treesExplainer, type Explanation } from './explain.ts';
import { logOddsOf, sigmoid } from './odds.ts';
import type { Column, RawRow } from './table.ts';
import type { TrainedModel } from './trained-model.ts';

export interface Scored {
  margin: number;
  probability: number;
  /** 0 to 100. */
  score: number;
}
export interface Scorer {
  /** In the order bins and contributions stand in. */
  features: string[];
  score(row: RawRow): Scored;
  explain(row: RawRow): Explanation;
  /** A probability for each row of the columns; those the model does not know are left aside, those missing are unknown. */
  scoreColumns(columns: readonly Column[]): Float64Array;
  /** Before calibration. */
  marginsOf(columns: readonly Column[]): Float64Array;
  probabilityOf(margin: number): number;
  /** Mean |contribution| of each feature over the rows, the strongest first. */
  importance(columns: readonly Column[], rowsMax?: number): { feature: string; mean: number }[];
  drift(columns: readonly Column[]): Drift;
}

/** Rows are taken this many at a time, so that their bins stay near. */
const blockSize = 2048;

export function compile(model: TrainedModel): Scorer {
  const features = model.features.map(({ name }) => name);
  const binners = model.features.map(binner);
  const codes = new Uint8Array(features.length);
  const addMargins = marginAdder(model);
  const probabilityOf = probabilityMap(model);
  const explainer = makeExplainer(model);
  const one = new Float64Array(1);

  const encode = (row: RawRow) => {
    for (let j = 0; j < features.length; j++) codes[j] = binners[j]?.(row[features[j] ?? '']) ?? 0;
  };
  const marginOfCodes = () => {
    one[0] = 0;
    addMargins(codes, 1, one, 0);
    return one[0];
  };
  const marginsOf = (columns: readonly Column[]) => {
    const rows = rowCount(columns);
    const margins = new Float64Array(rows);
    for (let from = 0; from < rows; from += blockSize) {
      const block = binBlock(model, columns, from, Math.min(rows, from + blockSize));
      addMargins(block.codes, block.rows, margins, from);
    }
    return margins;
  };
  const contributionsOf = (from: ArrayLike<number>) => {
    const contributions = new Float64Array(features.length);
    explainer.addTo(from, contributions);
    return contributions;
  };
  return {
    features,
    probabilityOf,
    marginsOf,
    score(row) {
      encode(row);
      const margin = marginOfCodes();
      const probability = probabilityOf(margin);
      return { margin, probability, score: scoreOf(probability) };
    },
    explain(row) {
      encode(row);
      const margin = marginOfCodes();
      const probability = probabilityOf(margin);
      const contributions = Array.from(contributionsOf(codes), (contribution, j) => ({
        feature: features[j] ?? '',
        value: plainValue(row[features[j] ?? '']),
        contribution,
      }));
      const baseProbability = probabilityOf(explainer.base);
      return { base: explainer.base, margin, contributions, baseProbability, probability, score: scoreOf(probability) };
    },
    scoreColumns: (columns) => marginsOf(columns).map(probabilityOf),
    importance(columns, rowsMax = 2000) {
      const rows = rowCount(columns);
      const step = Math.max(1, Math.floor(rows / rowsMax));
      const sums = new Float64Array(features.length);
      let taken = 0;
      for (let row = 0; row < rows; row += step, taken++) {
        const block = binBlock(model, columns, row, row + 1);
        for (const [j, contribution] of contributionsOf(block.codes).entries())
          sums[j] = (sums[j] ?? 0) + Math.abs(contribution);
      }
      return features
        .map((feature, j) => ({ feature, mean: (sums[j] ?? 0) / Math.max(1, taken) }))
        .sort((a, b) => b.mean - a.mean);
    },
    drift(columns) {
      const rows = rowCount(columns);
      return driftOf(model.spread, binBlock(model, columns, 0, rows), marginsOf(columns));
    },
  };
}

const plainValue = (value: RawRow[string]) =>
  value === undefined || (typeof value === 'number' && Number.isNaN(value)) ? null : value;

function rowCount(columns: readonly Column[]): number {
  const [first] = columns;
  return first ? (first.kind === 'number' ? first.values : first.codes).length : 0;
}

const binBlock = (model: TrainedModel, columns: readonly Column[], from: number, to: number): Binned =>
  applyBins(
    model.features,
    columns,
    Int32Array.from({ length: to - from }, (_, i) => from + i),
  );

function probabilityMap(model: TrainedModel): (margin: number) => number {
  const calibrated = calibrator(model.calibration);
  const { refresh } = model;
  if (!refresh) return calibrated;
  return (margin) => {
    const p = Math.min(Math.max(calibrated(margin), 1e-9), 1 - 1e-9);
    return sigmoid(refresh.slope * logOddsOf(p) + refresh.shift);
  };
}

/** Adds the margins of `rows` rows in bins to into[from…]. */
function marginAdder(model: TrainedModel): (codes: Uint8Array, rows: number, into: Float64Array, from: number) => void {
  const width = model.features.length;
  const weights = new Float64Array(256 * width);
  for (const [j, ofFeature] of (model.logistic?.weights ?? []).entries())
    for (const [bin, weight] of ofFeature.entries()) weights[256 * j + bin] = model.shares.logistic * weight;
  const base =
    (model.logistic ? model.shares.logistic * model.logistic.intercept : 0) +
    (model.trees ? model.shares.trees * model.trees.base : 0);
  const flat = flatten(model);
  return (codes, rows, into, from) => {
    for (let row = 0; row < rows; row++) {
      let margin = base;
      for (let j = 0; j < width; j++) margin += weights[256 * j + (codes[row * width + j] ?? 0)] ?? 0;
      into[from + row] = margin;
    }
    for (let tree = 0; tree < flat.roots.length; tree++) {
      const root = flat.roots[tree] ?? 0;
      for (let row = 0; row < rows; row++) {
        const start = row * width;
        let node = root;
        for (;;) {
          const left = flat.nodes[node + 3] ?? 0;
          if (left === 0) break;
          const bin = codes[start + (flat.nodes[node] ?? 0)] ?? 0;
          node =
            bin >= (flat.nodes[node + 1] ?? 0) && bin <= (flat.nodes[node + 2] ?? 0)
              ? left
              : (flat.nodes[node + 4] ?? 0);
        }
        into[from + row] = (into[from + row] ?? 0) + (flat.values[node / stride] ?? 0);
      }
    }
  };
}

const stride = 5;

/** All trees in one list: feature, from, to, left, right of each node; left is 0 in a leaf. */
function flatten(model: TrainedModel): { roots: Int32Array; nodes: Int32Array; values: Float64Array } {
  const trees = model.trees?.trees ?? [];
  const size = trees.reduce((sum, tree) => sum + tree.left.length, 0);
  const flat = {
    roots: new Int32Array(trees.length),
    nodes: new Int32Array(stride * size),
    values: new Float64Array(size),
  };
  let first = 0;
  for (const [i, tree] of trees.entries()) {
    flat.roots[i] = stride * first;
    for (let node = 0; node < tree.left.length; node++) {
      const left = tree.left[node] ?? 0;
      const at = stride * (first + node);
      flat.nodes[at] = tree.feature[node] ?? 0;
      flat.nodes[at + 1] = tree.from[node] ?? 0;
      flat.nodes[at + 2] = tree.to[node] ?? 0;
      flat.nodes[at + 3] = left === 0 ? 0 : stride * (first + left);
      flat.nodes[at + 4] = left === 0 ? 0 : stride * (first + (tree.right[node] ?? 0));
      flat.values[first + node] = model.shares.trees * (tree.value[node] ?? 0);
    }
    first += tree.left.length;
  }
  return flat;
}

function makeExplainer(model: TrainedModel): {
  base: number;
  addTo(codes: ArrayLike<number>, into: Float64Array): void;
} {
  const ofTrees = model.trees && treesExplainer(model.trees);
  const { logistic, shares } = model;
  return {
    base: (logistic ? shares.logistic * logistic.intercept : 0) + (ofTrees ? shares.trees * ofTrees.base : 0),
    addTo(codes, into) {
      if (logistic)
        for (let j = 0; j < into.length; j++)
          into[j] = (into[j] ?? 0) + shares.logistic * (logistic.weights[j]?.[codes[j] ?? 0] ?? 0);
      ofTrees?.addTo(codes, into, shares.trees);
    },
  };
}
