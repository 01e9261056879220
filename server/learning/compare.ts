import { logLosses, middleRanks } from './metrics.ts';

/** Of b against a, on the same rows; `from` and `to` hold the truth 19 times of 20. */
export interface Difference {
  mean: number;
  from: number;
  to: number;
}

/** How much less log loss b costs than a, row by row; it is better when `from` is above 0. */
export function compareLogLoss(a: Float64Array, b: Float64Array, label: Uint8Array): Difference {
  const ofA = logLosses(a, label);
  const ofB = logLosses(b, label);
  return interval(ofA.map((loss, i) => loss - (ofB[i] ?? 0)));
}

/** How much larger the area under the curve of b is (DeLong's interval); null with one class only. */
export function compareAuc(a: Float64Array, b: Float64Array, label: Uint8Array): Difference | null {
  const [ofA, ofB] = [placements(a, label), placements(b, label)];
  if (!ofA || !ofB) return null;
  const yes = ofB.yes.map((each, i) => each - (ofA.yes[i] ?? 0));
  const no = ofB.no.map((each, i) => each - (ofA.no[i] ?? 0));
  const mean = meanOf(yes);
  const error = Math.sqrt(variance(yes) / yes.length + variance(no) / no.length);
  return { mean, from: mean - 1.96 * error, to: mean + 1.96 * error };
}

/** Of one area under the curve. */
export function aucInterval(values: Float64Array, label: Uint8Array): Difference | null {
  const found = placements(values, label);
  if (!found) return null;
  const mean = meanOf(found.yes);
  const error = Math.sqrt(variance(found.yes) / found.yes.length + variance(found.no) / found.no.length);
  return { mean, from: mean - 1.96 * error, to: mean + 1.96 * error };
}

/** A challenger takes the place only when it costs less than chance explains, on enough outcomes of both kinds. */
export function isBetter(
  champion: Float64Array,
  challenger: Float64Array,
  label: Uint8Array,
  outcomesMin = 30,
): boolean {
  const happened = label.reduce((sum, each) => sum + each, 0);
  if (Math.min(happened, label.length - happened) < outcomesMin) return false;
  return compareLogLoss(champion, challenger, label).from > 0;
}

/** For each row the share of the other class it stands on the right side of. */
function placements(values: Float64Array, label: Uint8Array): { yes: Float64Array; no: Float64Array } | null {
  const isYes = (_: unknown, i: number) => label[i] === 1;
  const isNo = (_: unknown, i: number) => label[i] !== 1;
  const all = middleRanks(values);
  const within = { yes: middleRanks(values.filter(isYes)), no: middleRanks(values.filter(isNo)) };
  const [yes, no] = [within.yes.length, within.no.length];
  if (yes === 0 || no === 0) return null;
  return {
    yes: all.filter(isYes).map((rank, i) => (rank - (within.yes[i] ?? 0)) / no),
    no: all.filter(isNo).map((rank, i) => 1 - (rank - (within.no[i] ?? 0)) / yes),
  };
}

function interval(values: Float64Array): Difference {
  const mean = meanOf(values);
  const error = Math.sqrt(variance(values) / Math.max(1, values.length));
  return { mean, from: mean - 1.96 * error, to: mean + 1.96 * error };
}

const meanOf = (values: Float64Array) => values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);

function variance(values: Float64Array): number {
  const mean = meanOf(values);
  return values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, values.length - 1);
}
