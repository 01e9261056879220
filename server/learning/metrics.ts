import { z } from 'zod';
import { logLossOf, logOddsOf } from './odds.ts';

/** Bins of the calibration error, and of the plot. */
const calibrationBins = 10;
const deciles = 10;

export const metrics = z.object({
  rows: z.int().nonnegative(),
  happened: z.int().nonnegative(),
  /** How often a row where it happened stands above one where it did not; null with one class only. */
  auc: z.number().nullable(),
  logLoss: z.number(),
  brier: z.number(),
  /** Mean distance of what was said from what happened, over 10 bins with the same number of rows each. */
  ece: z.number(),
  /** The same over 10 bins of the same width. */
  eceWidth: z.number(),
  /** The share of the best tenth where it happened. */
  precisionTop10: z.number(),
  /** How many times the average it happened, tenth by tenth, best first. */
  lift: z.array(z.number()),
  /** What was said and what happened, bin by bin (same number of rows each), the lowest first. */
  calibration: z.array(z.object({ rows: z.int(), said: z.number(), happened: z.number() })),
});
export type Metrics = z.infer<typeof metrics>;

export function measure(probabilities: Float64Array, label: Uint8Array): Metrics {
  const happened = label.reduce((sum, each) => sum + each, 0);
  const rate = label.length === 0 ? 0 : happened / label.length;
  const order = highestFirst(probabilities);
  const top = topRates(probabilities, label, order);
  const points = calibrationPoints(probabilities, label, order);
  return {
    rows: label.length,
    happened,
    auc: areaUnderCurve(probabilities, label),
    logLoss: meanLogLoss(probabilities, label),
    brier: probabilities.reduce((sum, p, i) => sum + (p - (label[i] ?? 0)) ** 2, 0) / Math.max(1, label.length),
    ece: points.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.said - bin.happened), 0) / Math.max(1, label.length),
    eceWidth: widthError(probabilities, label),
    precisionTop10: top[0] ?? 0,
    lift: top.map((each) => (rate === 0 ? 0 : each / rate)),
    calibration: points,
  };
}

/** Rows with the same value count half, so a constant is worth 0.5. */
export function areaUnderCurve(values: Float64Array, label: Uint8Array): number | null {
  const ranks = middleRanks(values);
  let happened = 0;
  let sum = 0;
  for (let i = 0; i < label.length; i++)
    if (label[i]) {
      happened++;
      sum += ranks[i] ?? 0;
    }
  const others = label.length - happened;
  return happened === 0 || others === 0 ? null : (sum - (happened * (happened + 1)) / 2) / (happened * others);
}

const meanLogLoss = (probabilities: Float64Array, label: Uint8Array) =>
  logLosses(probabilities, label).reduce((sum, loss) => sum + loss, 0) / Math.max(1, label.length);

/** Row by row; a sure word that was wrong costs much, but not everything. */
export const logLosses = (probabilities: Float64Array, label: Uint8Array) =>
  probabilities.map((p, i) => logLossOf(logOddsOf(Math.min(Math.max(p, 1e-7), 1 - 1e-7)), label[i] ?? 0));

/** Counted from 1; the same value, the same rank. */
export function middleRanks(values: Float64Array): Float64Array {
  const order = highestFirst(values).reverse();
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++;
    for (let i = from; i < to; i++) ranks[order[i] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

const highestFirst = (values: Float64Array) =>
  Int32Array.from(values, (_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);

/** How often it happened in each tenth; where a tenth ends among rows of the same value, they share alike. */
function topRates(probabilities: Float64Array, label: Uint8Array, order: Int32Array): number[] {
  const expected = new Float64Array(order.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    let happened = label[order[from] ?? 0] ?? 0;
    while (to < order.length && probabilities[order[to] ?? 0] === probabilities[order[from] ?? 0]) {
      happened += label[order[to] ?? 0] ?? 0;
      to++;
    }
    expected.fill(happened / (to - from), from, to);
    from = to;
  }
  return Array.from({ length: deciles }, (_, tenth) => {
    const part = expected.subarray(bound(order, tenth), bound(order, tenth + 1));
    return part.reduce((sum, each) => sum + each, 0) / Math.max(1, part.length);
  });
}

const bound = (order: Int32Array, part: number) => Math.round((part * order.length) / deciles);

function calibrationPoints(probabilities: Float64Array, label: Uint8Array, order: Int32Array): Metrics['calibration'] {
  const points: Metrics['calibration'] = [];
  for (let bin = calibrationBins; bin > 0; bin--) {
    const part = order.subarray(
      Math.round(((bin - 1) * order.length) / calibrationBins),
      Math.round((bin * order.length) / calibrationBins),
    );
    if (part.length === 0) continue;
    points.push({
      rows: part.length,
      said: part.reduce((sum, i) => sum + (probabilities[i] ?? 0), 0) / part.length,
      happened: part.reduce((sum, i) => sum + (label[i] ?? 0), 0) / part.length,
    });
  }
  return points;
}

function widthError(probabilities: Float64Array, label: Uint8Array): number {
  const apart = new Float64Array(calibrationBins);
  for (let i = 0; i < label.length; i++) {
    const p = probabilities[i] ?? 0;
    const bin = Math.min(calibrationBins - 1, Math.floor(p * calibrationBins));
    apart[bin] = (apart[bin] ?? 0) + p - (label[i] ?? 0);
  }
  return apart.reduce((sum, each) => sum + Math.abs(each), 0) / Math.max(1, label.length);
}
