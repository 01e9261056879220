import { logOddsOf, sigmoid } from './odds.ts';
import { fitRefresh } from './train.ts';

/**
 * What a model would have said had its calibration followed the outcomes: before every few rows it is refreshed from the
 * newest ones before them, and from those alone; an outcome is known `late` rows after its own. Rows from the oldest to the
 * newest; the answer begins with row `from`.
 */
export function rollingRefresh(
  probabilities: Float64Array,
  label: Uint8Array,
  { from, every, newest, late = 0 }: { from: number; every: number; newest: number; late?: number },
): Float64Array {
  const said = new Float64Array(probabilities.length - from);
  for (let at = from; at < probabilities.length; at += every) {
    const last = Math.max(0, at - late);
    const first = Math.max(0, last - newest);
    const { slope, shift } = fitRefresh(probabilities.subarray(first, last), label.subarray(first, last));
    for (let row = at; row < Math.min(probabilities.length, at + every); row++) {
      const p = Math.min(Math.max(probabilities[row] ?? 0, 1e-9), 1 - 1e-9);
      said[row - from] = sigmoid(slope * logOddsOf(p) + shift);
    }
  }
  return said;
}
