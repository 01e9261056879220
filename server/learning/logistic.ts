import { z } from 'zod';
import { binCount, type Binned, type FeatureBins } from './bins.ts';
import { logLossOf, logOddsOf, sigmoid } from './odds.ts';

/** A weight for each bin of each feature; those of a feature are 0 on average over the rows they were learned from. */
export const logisticModel = z.object({ intercept: z.number(), weights: z.array(z.array(z.number())) });
export type LogisticModel = z.infer<typeof logisticModel>;

export interface LogisticOptions {
  /** How much weights are held back from leaving 0. */
  l2: number;
  /** How much a bin's weight is held to its neighbours'. */
  smoothness: number;
  /** Numbers are cut into this many bins at most. */
  bins: number;
}
export const logisticDefaults: LogisticOptions = { l2: 1, smoothness: 2, bins: 24 };
/** Solving takes the cube of it. */
const weightsMax = 900;

/** Each row as one entry per feature: which weight it touches, and how much (1 when `amounts` is null). */
export interface Design {
  rows: number;
  width: number;
  places: Int32Array;
  amounts: Float64Array | null;
  weights: number;
}
export type Penalty = (curvature: Float64Array, gradient: Float64Array, weights: Float64Array, size: number) => void;

export function fitLogistic(
  binned: Binned,
  label: Uint8Array,
  options: LogisticOptions = logisticDefaults,
): LogisticModel {
  const most = Math.max(2, Math.floor(weightsMax / Math.max(1, binned.features.length)));
  const groups = groupBins(binned, { numbers: Math.min(options.bins, most), words: most });
  const width = binned.features.length;
  const places = new Int32Array(binned.rows * width);
  for (let at = 0; at < places.length; at++) places[at] = groups.place[at % width]?.[binned.codes[at] ?? 0] ?? 0;
  const design: Design = { rows: binned.rows, width, places, amounts: null, weights: groups.weights };
  const { intercept, weights } = solve(design, label, penaltyOf(groups, options));
  return centred(binned, groups, intercept, weights);
}

export function logisticMargins(model: LogisticModel, binned: Binned): Float64Array {
  const width = binned.features.length;
  const tables = model.weights.map((weights) => Float64Array.from(weights));
  const margins = new Float64Array(binned.rows);
  for (let row = 0; row < binned.rows; row++) {
    let margin = model.intercept;
    for (let j = 0; j < width; j++) margin += tables[j]?.[binned.codes[row * width + j] ?? 0] ?? 0;
    margins[row] = margin;
  }
  return margins;
}

/** Newton's steps on the penalised log loss, each halved until it helps. The first weight is the intercept, held by nothing. */
export function solve(
  design: Design,
  label: Uint8Array,
  penalty: Penalty,
): { intercept: number; weights: Float64Array } {
  const size = design.weights + 1;
  let weights = new Float64Array(size);
  const happened = label.reduce((sum, each) => sum + each, 0);
  weights[0] = logOddsOf((happened + 0.5) / (label.length + 1));
  let loss = penalisedLoss(design, label, weights, penalty);
  for (let round = 0; round < 30; round++) {
    const { curvature, gradient } = derivatives(design, label, weights);
    penalty(curvature, gradient, weights, size);
    const step = solveSymmetric(curvature, gradient, size);
    let next = weights;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (let share = 1; share > 1e-4 && !(nextLoss <= loss); share /= 2) {
      next = weights.map((weight, i) => weight - share * (step[i] ?? 0));
      nextLoss = penalisedLoss(design, label, next, penalty);
    }
    const gained = loss - nextLoss;
    if (!(gained >= 0)) break;
    weights = next;
    loss = nextLoss;
    if (gained < 1e-7 * design.rows) break;
  }
  return { intercept: weights[0] ?? 0, weights: weights.subarray(1) };
}

interface Groups {
  /** By feature and bin: the weight it has a part in. */
  place: Int32Array[];
  /** Weights that stand beside each other: first and last of each run of a number's bins. */
  runs: { first: number; last: number }[];
  weights: number;
}

/** Neighbouring bins go together until there are few enough: near numbers, or words that came out alike. */
function groupBins(binned: Binned, most: { numbers: number; words: number }): Groups {
  const groups: Groups = { place: [], runs: [], weights: 0 };
  for (const [j, feature] of binned.features.entries()) {
    const counts = countBins(binned, j);
    const place = new Int32Array(counts.length);
    place[0] = groups.weights;
    groups.weights++;
    const first = groups.weights;
    const known = binned.rows - (counts[0] ?? 0);
    const few = feature.kind === 'number' ? most.numbers : most.words;
    const perGroup = counts.length - 1 > few ? known / few : 0;
    let held = 0;
    for (let bin = 1; bin < counts.length; bin++) {
      if (bin > 1 && held >= perGroup) {
        groups.weights++;
        held = 0;
      }
      place[bin] = groups.weights;
      held += counts[bin] ?? 0;
    }
    if (feature.kind === 'number') groups.runs.push({ first, last: groups.weights });
    groups.weights++;
    groups.place.push(place);
  }
  return groups;
}

function countBins(binned: Binned, place: number): Float64Array {
  const feature = binned.features[place];
  const counts = new Float64Array(feature ? binCount(feature) : 0);
  const width = binned.features.length;
  for (let at = place; at < binned.codes.length; at += width) {
    const bin = binned.codes[at] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function penaltyOf(groups: Groups, { l2, smoothness }: LogisticOptions): Penalty {
  return (curvature, gradient, weights, size) => {
    for (let i = 1; i < size; i++) {
      curvature[i * size + i] = (curvature[i * size + i] ?? 0) + l2;
      gradient[i] = (gradient[i] ?? 0) + l2 * (weights[i] ?? 0);
    }
    for (const { first, last } of groups.runs)
      for (let i = first + 1; i < last + 1; i++) {
        const difference = (weights[i + 1] ?? 0) - (weights[i] ?? 0);
        curvature[i * size + i] = (curvature[i * size + i] ?? 0) + smoothness;
        curvature[(i + 1) * size + i + 1] = (curvature[(i + 1) * size + i + 1] ?? 0) + smoothness;
        curvature[(i + 1) * size + i] = (curvature[(i + 1) * size + i] ?? 0) - smoothness;
        gradient[i] = (gradient[i] ?? 0) - smoothness * difference;
        gradient[i + 1] = (gradient[i + 1] ?? 0) + smoothness * difference;
      }
  };
}

/** Each feature's weights moved so that they are 0 on average; a bin nobody was in says nothing, so 0 too. */
function centred(binned: Binned, groups: Groups, intercept: number, weights: Float64Array): LogisticModel {
  let base = intercept;
  const tables = groups.place.map((place, j) => {
    const counts = countBins(binned, j);
    let sum = 0;
    for (let bin = 0; bin < place.length; bin++) sum += (counts[bin] ?? 0) * (weights[place[bin] ?? 0] ?? 0);
    const mean = binned.rows === 0 ? 0 : sum / binned.rows;
    base += mean;
    return Array.from(place, (at, bin) => (bin === 0 && counts[0] === 0 ? 0 : (weights[at] ?? 0) - mean));
  });
  return { intercept: base, weights: tables };
}

function marginOf(design: Design, weights: Float64Array, row: number): number {
  const { width, places, amounts } = design;
  let margin = weights[0] ?? 0;
  const end = (row + 1) * width;
  if (amounts)
    for (let at = end - width; at < end; at++) margin += (amounts[at] ?? 0) * (weights[(places[at] ?? 0) + 1] ?? 0);
  else for (let at = end - width; at < end; at++) margin += weights[(places[at] ?? 0) + 1] ?? 0;
  return margin;
}

function penalisedLoss(design: Design, label: Uint8Array, weights: Float64Array, penalty: Penalty): number {
  let loss = 0;
  for (let row = 0; row < design.rows; row++) loss += logLossOf(marginOf(design, weights, row), label[row] ?? 0);
  // The penalty is quadratic with its least at 0: half the weights times its gradient.
  const size = weights.length;
  const gradient = new Float64Array(size);
  penalty(new Float64Array(0), gradient, weights, size);
  for (let i = 0; i < size; i++) loss += 0.5 * (weights[i] ?? 0) * (gradient[i] ?? 0);
  return loss;
}

function derivatives(design: Design, label: Uint8Array, weights: Float64Array) {
  const { width, places, amounts } = design;
  const size = weights.length;
  const curvature = new Float64Array(size * size);
  const gradient = new Float64Array(size);
  for (let row = 0; row < design.rows; row++) {
    const p = sigmoid(marginOf(design, weights, row));
    const error = p - (label[row] ?? 0);
    const h = Math.max(p * (1 - p), 1e-10);
    gradient[0] = (gradient[0] ?? 0) + error;
    curvature[0] = (curvature[0] ?? 0) + h;
    const start = row * width;
    for (let a = start; a < start + width; a++) {
      const i = (places[a] ?? 0) + 1;
      const x = amounts ? (amounts[a] ?? 0) : 1;
      const hx = h * x;
      gradient[i] = (gradient[i] ?? 0) + error * x;
      const line = i * size;
      curvature[line] = (curvature[line] ?? 0) + hx;
      // Places grow from feature to feature, so this fills the lower triangle.
      if (amounts)
        for (let b = start; b <= a; b++) {
          const cell = line + (places[b] ?? 0) + 1;
          curvature[cell] = (curvature[cell] ?? 0) + hx * (amounts[b] ?? 0);
        }
      else
        for (let b = start; b <= a; b++) {
          const cell = line + (places[b] ?? 0) + 1;
          curvature[cell] = (curvature[cell] ?? 0) + hx;
        }
    }
  }
  return { curvature, gradient };
}

/** Cholesky, on the lower triangle, in place. */
function solveSymmetric(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (matrix[i * size + k] ?? 0) * (matrix[j * size + k] ?? 0);
      matrix[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-9)) : sum / (matrix[j * size + j] ?? 1);
    }
  const solved = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    let sum = solved[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (matrix[i * size + k] ?? 0) * (solved[k] ?? 0);
    solved[i] = sum / (matrix[i * size + i] ?? 1);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = solved[i] ?? 0;
    for (let k = i + 1; k < size; k++) sum -= (matrix[k * size + i] ?? 0) * (solved[k] ?? 0);
    solved[i] = sum / (matrix[i * size + i] ?? 1);
  }
  return solved;
}

/** The features a model was learned from, as far as weights can be given to them. */
export const weightsFit = (model: LogisticModel, features: readonly FeatureBins[]) =>
  model.weights.length === features.length &&
  features.every((feature, j) => model.weights[j]?.length === binCount(feature));
