import { calibrator, fitPlatt } from '#server/learning/calibration.ts';
import { compareLogLoss, isBetter } from '#server/learning/compare.ts';
import { logOddsOf } from '#server/learning/odds.ts';

export interface Finding {
  outcome: 'promoted' | 'kept' | 'undecided';
  /** Of log loss, the champion's minus the challenger's, with its 95 % interval; null when there is nothing to compare on. */
  gain: number | null;
  low: number | null;
  high: number | null;
}

/** Outcomes of the rarer kind without which nothing is decided. */
export const DECIDED_MIN = 30;

/** The challenger takes the place only where chance does not explain what it gains, on outcomes neither learned from. */
export function chooseChampion(champion: Float64Array, challenger: Float64Array, label: Uint8Array): Finding {
  if (label.length < 2) return { outcome: 'undecided', gain: null, low: null, high: null };
  const { mean: gain, from: low, to: high } = compareLogLoss(champion, challenger, label);
  const isWon = isBetter(champion, challenger, label, DECIDED_MIN);
  const isLost = isBetter(challenger, champion, label, DECIDED_MIN);
  return { outcome: isWon ? 'promoted' : isLost ? 'kept' : 'undecided', gain, low, high };
}

/** What points say, as probabilities that are as right as such points can be: each fifth by what the others taught. */
export function probabilitiesOfPoints(points: readonly number[], label: Uint8Array): Float64Array {
  const margins = Float64Array.from(points, (value) => logOddsOf((value + 1) / 102));
  const said = new Float64Array(margins.length);
  const parts = 5;
  for (let part = 0; part < parts; part++) {
    const isLearned = (_: number, row: number) => row % parts !== part;
    const map = calibrator(fitPlatt(margins.filter(isLearned), label.filter(isLearned), { l2: 1 }));
    for (let row = part; row < margins.length; row += parts) said[row] = map(margins[row] ?? 0);
  }
  return said;
}
