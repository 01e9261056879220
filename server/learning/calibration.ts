import { z } from 'zod';
import { logLossOf, logOddsOf, sigmoid } from './odds.ts';

/** From a model's margin to the probability one can bet on; never turns two rows round. */
export const calibration = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('platt'), slope: z.number().nonnegative(), shift: z.number() }),
  z.object({ kind: z.literal('beta'), yes: z.number().nonnegative(), no: z.number().nonnegative(), shift: z.number() }),
  /** Straight lines between points; flat outside. */
  z
    .object({
      kind: z.literal('isotonic'),
      margins: z.array(z.number()).min(1),
      probabilities: z.array(z.number().min(0).max(1)).min(1),
    })
    .refine(
      ({ margins, probabilities }) => margins.length === probabilities.length,
      'As many margins as probabilities.',
    ),
]);
export type Calibration = z.infer<typeof calibration>;
export type CalibrationKind = Calibration['kind'];

export function calibrator(chosen: Calibration): (margin: number) => number {
  switch (chosen.kind) {
    case 'platt':
      return (margin) => sigmoid(chosen.slope * margin + chosen.shift);
    case 'beta':
      return (margin) => sigmoid(chosen.no * softplus(margin) - chosen.yes * softplus(-margin) + chosen.shift);
    case 'isotonic':
      return lines(Float64Array.from(chosen.margins), Float64Array.from(chosen.probabilities));
    default:
      throw new TypeError(`There is no calibration ${String(chosen satisfies never)}.`);
  }
}

export function fitCalibration(kind: CalibrationKind, margins: Float64Array, label: Uint8Array): Calibration {
  switch (kind) {
    case 'platt':
      return fitPlatt(margins, label);
    case 'beta':
      return fitBeta(margins, label);
    case 'isotonic':
      return fitIsotonic(margins, label);
    default:
      throw new TypeError(`There is no calibration ${String(kind satisfies never)}.`);
  }
}

/** A slope and a shift of log odds, held to (1, 0) by `l2` so that few rows move little; the slope may be kept. */
export function fitPlatt(
  margins: Float64Array,
  label: Uint8Array,
  { l2 = 1e-3, keepSlope = false }: { l2?: number; keepSlope?: boolean } = {},
): Extract<Calibration, { kind: 'platt' }> {
  const { a, b } = fitTwo(
    [margins, new Float64Array(margins.length)],
    label,
    l2,
    [1, 0],
    keepSlope ? [false, false] : [true, false],
  );
  return { kind: 'platt', slope: a.slope, shift: b };
}

/** How each kind does on rows it did not see; the plainest that no other beats by more than chance. */
export function chooseCalibration(
  margins: Float64Array,
  label: Uint8Array,
  parts = 5,
): { chosen: Calibration; losses: Record<CalibrationKind, number> } {
  const kinds: CalibrationKind[] = ['platt', 'beta', 'isotonic'];
  const held = kinds.map((kind) => heldOutLosses(kind, margins, label, parts));
  let best = 0;
  for (let other = 1; other < kinds.length; other++) {
    const { mean, error } = difference(held[best] ?? [], held[other] ?? []);
    if (mean > 2 * error) best = other;
  }
  const losses = Object.fromEntries(kinds.map((kind, i) => [kind, meanOf(held[i] ?? [])]));
  return {
    chosen: fitCalibration(kinds[best] ?? 'platt', margins, label),
    losses: losses as Record<CalibrationKind, number>,
  };
}

const softplus = (margin: number) => Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)));

function fitBeta(margins: Float64Array, label: Uint8Array): Calibration {
  const yes = margins.map((margin) => -softplus(-margin));
  const no = margins.map(softplus);
  const both = fitTwo([yes, no], label, 1e-3, [1, 1], [true, true]);
  if (both.a.slope >= 0 && both.a.other >= 0)
    return { kind: 'beta', yes: both.a.slope, no: both.a.other, shift: both.b };
  const zero = new Float64Array(margins.length);
  // One that would turn rows round is left out.
  if (both.a.slope < 0) {
    const only = fitTwo([no, zero], label, 1e-3, [1, 0], [true, false]);
    return { kind: 'beta', yes: 0, no: only.a.slope, shift: only.b };
  }
  const only = fitTwo([yes, zero], label, 1e-3, [1, 0], [true, false]);
  return { kind: 'beta', yes: only.a.slope, no: 0, shift: only.b };
}

/** Logistic regression on two inputs and a shift, by Newton's steps. */
function fitTwo(
  [x, y]: [Float64Array, Float64Array],
  label: Uint8Array,
  l2: number,
  prior: [number, number],
  free: [boolean, boolean],
): { a: { slope: number; other: number }; b: number } {
  let [slope, other] = prior;
  let shift = 0;
  const lossAt = (a: number, b: number, c: number) => {
    let sum = (l2 / 2) * ((a - prior[0]) ** 2 + (b - prior[1]) ** 2 + c * c);
    for (let i = 0; i < x.length; i++) sum += logLossOf(a * (x[i] ?? 0) + b * (y[i] ?? 0) + c, label[i] ?? 0);
    return sum;
  };
  let loss = lossAt(slope, other, shift);
  for (let round = 0; round < 50; round++) {
    const g = [l2 * (slope - prior[0]), l2 * (other - prior[1]), l2 * shift];
    const h = [l2, 0, 0, l2, 0, l2];
    for (let i = 0; i < x.length; i++) {
      const xi = x[i] ?? 0;
      const yi = y[i] ?? 0;
      const p = sigmoid(slope * xi + other * yi + shift);
      const error = p - (label[i] ?? 0);
      const weight = p * (1 - p);
      g[0] = (g[0] ?? 0) + error * xi;
      g[1] = (g[1] ?? 0) + error * yi;
      g[2] = (g[2] ?? 0) + error;
      h[0] = (h[0] ?? 0) + weight * xi * xi;
      h[1] = (h[1] ?? 0) + weight * xi * yi;
      h[2] = (h[2] ?? 0) + weight * xi;
      h[3] = (h[3] ?? 0) + weight * yi * yi;
      h[4] = (h[4] ?? 0) + weight * yi;
      h[5] = (h[5] ?? 0) + weight;
    }
    const [hxx = 0, hxy = 0, hx = 0, hyy = 0, hy = 0, hs = 0] = h;
    const step = solveThree(
      free[0] ? [hxx, free[1] ? hxy : 0, hx] : [1, 0, 0],
      free[1] ? [free[0] ? hxy : 0, hyy, hy] : [0, 1, 0],
      [free[0] ? hx : 0, free[1] ? hy : 0, hs],
      [free[0] ? (g[0] ?? 0) : 0, free[1] ? (g[1] ?? 0) : 0, g[2] ?? 0],
    );
    // Far from the answer a full step can overshoot.
    let share = 1;
    let next = lossAt(slope - step[0], other - step[1], shift - step[2]);
    while (next > loss && share > 1e-6) {
      share /= 2;
      next = lossAt(slope - share * step[0], other - share * step[1], shift - share * step[2]);
    }
    if (!(next <= loss)) break;
    slope -= share * step[0];
    other -= share * step[1];
    shift -= share * step[2];
    if (loss - next < 1e-9 * x.length) break;
    loss = next;
  }
  // One that would turn rows round says nothing at all.
  return { a: { slope: free[1] ? slope : Math.max(0, slope), other }, b: shift };
}

type Three = [number, number, number];
function solveThree(first: Three, second: Three, third: Three, right: Three): Three {
  const determinant = (a: Three, b: Three, c: Three) =>
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
  const whole = determinant(first, second, third);
  if (Math.abs(whole) < 1e-300) return [0, 0, 0];
  const put = (at: 0 | 1 | 2): number => {
    const lines: [Three, Three, Three] = [[...first], [...second], [...third]];
    lines[0][at] = right[0];
    lines[1][at] = right[1];
    lines[2][at] = right[2];
    return determinant(...lines) / whole;
  };
  return [put(0), put(1), put(2)];
}

/** Neighbours that stand the wrong way round are pooled; each pool is a point, drawn a little from 0 and 1. */
function fitIsotonic(margins: Float64Array, label: Uint8Array): Calibration {
  const order = Int32Array.from(margins, (_, i) => i).sort((a, b) => (margins[a] ?? 0) - (margins[b] ?? 0) || a - b);
  const pools: { rows: number; happened: number; margin: number }[] = [];
  for (const i of order) {
    pools.push({ rows: 1, happened: label[i] ?? 0, margin: margins[i] ?? 0 });
    for (;;) {
      const last = pools.at(-1);
      const before = pools.at(-2);
      if (!last || !before) break;
      if (before.margin < last.margin && before.happened * last.rows < last.happened * before.rows) break;
      pools.splice(-2, 2, {
        rows: before.rows + last.rows,
        happened: before.happened + last.happened,
        margin: (before.margin * before.rows + last.margin * last.rows) / (before.rows + last.rows),
      });
    }
  }
  const happened = label.reduce((sum, each) => sum + each, 0);
  const rate = (happened + 0.5) / (label.length + 1);
  const points = pools.map((pool) => ({ margin: pool.margin, p: (pool.happened + rate) / (pool.rows + 1) }));
  return {
    kind: 'isotonic',
    margins: points.map(({ margin }) => margin),
    probabilities: cumulativeMax(points.map(({ p }) => p)),
  };
}

function cumulativeMax(values: number[]): number[] {
  let highest = 0;
  return values.map((value) => (highest = Math.max(highest, value)));
}

function lines(margins: Float64Array, probabilities: Float64Array): (margin: number) => number {
  const last = margins.length - 1;
  return (margin) => {
    if (margin <= (margins[0] ?? 0)) return probabilities[0] ?? 0;
    if (margin >= (margins[last] ?? 0)) return probabilities[last] ?? 0;
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((margins[middle] ?? 0) <= margin) low = middle;
      else high = middle;
    }
    const from = margins[low] ?? 0;
    const share = (margin - from) / ((margins[high] ?? 0) - from);
    const p = probabilities[low] ?? 0;
    return p + share * ((probabilities[high] ?? 0) - p);
  };
}

function heldOutLosses(kind: CalibrationKind, margins: Float64Array, label: Uint8Array, parts: number): Float64Array {
  const losses = new Float64Array(margins.length);
  for (let part = 0; part < parts; part++) {
    const isIn = (_: number, i: number) => i % parts !== part;
    const map = calibrator(fitCalibration(kind, margins.filter(isIn), label.filter(isIn)));
    for (let i = part; i < margins.length; i += parts) {
      const p = Math.min(Math.max(map(margins[i] ?? 0), 1e-7), 1 - 1e-7);
      losses[i] = logLossOf(logOddsOf(p), label[i] ?? 0);
    }
  }
  return losses;
}

const meanOf = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / Math.max(1, values.length);
};

function difference(a: ArrayLike<number>, b: ArrayLike<number>): { mean: number; error: number } {
  const mean = meanOf(a) - meanOf(b);
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += ((a[i] ?? 0) - (b[i] ?? 0) - mean) ** 2;
  return { mean, error: Math.sqrt(squares / Math.max(1, a.length)) / Math.sqrt(Math.max(1, a.length)) };
}
