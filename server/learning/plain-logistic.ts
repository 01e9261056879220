import { solve, type Design } from './logistic.ts';
import { sigmoid } from './odds.ts';
import { labelOf, type Column, type Table } from './table.ts';

/** Words of a column beyond these go together, or beyond fewer when there are many columns. */
const wordsMax = 60;
const weightsMax = 1200;

/**
 * The yardstick: logistic regression as anyone would do it first. Numbers as they are (standardised), a weight for each
 * word, a light L2; no bins, no trees, no calibration. Returns what it says of rows of the same columns.
 */
export function fitPlainLogistic(table: Table, rows: Int32Array): (table: Table, rows: Int32Array) => Float64Array {
  const inputs = table.columns.map((column) =>
    inputOf(column, rows, Math.min(wordsMax, Math.ceil(weightsMax / table.columns.length))),
  );
  const firsts: number[] = [];
  let weights = 0;
  for (const { size } of inputs) {
    firsts.push(weights);
    weights += size;
  }
  const designOf = (from: Table, of: Int32Array): Design => {
    const width = inputs.length;
    const places = new Int32Array(of.length * width);
    const amounts = new Float64Array(of.length * width);
    for (const [j, input] of inputs.entries()) {
      const column = from.columns[j];
      if (!column) continue;
      for (let i = 0; i < of.length; i++) {
        const [place, amount] = input.entry(column, of[i] ?? 0);
        places[i * width + j] = (firsts[j] ?? 0) + place;
        amounts[i * width + j] = amount;
      }
    }
    return { rows: of.length, width, places, amounts, weights };
  };
  const fitted = solve(designOf(table, rows), labelOf(table, rows), (curvature, gradient, at, size) => {
    for (let i = 1; i < size; i++) {
      curvature[i * size + i] = (curvature[i * size + i] ?? 0) + 1;
      gradient[i] = (gradient[i] ?? 0) + (at[i] ?? 0);
    }
  });
  return (from, of) => {
    const { width, places, amounts } = designOf(from, of);
    return Float64Array.from(of, (_, i) => {
      let margin = fitted.intercept;
      for (let at = i * width; at < (i + 1) * width; at++)
        margin += (amounts?.[at] ?? 0) * (fitted.weights[places[at] ?? 0] ?? 0);
      return sigmoid(margin);
    });
  };
}

interface Input {
  size: number;
  /** Which of its weights a row touches, and how much. */
  entry(column: Column, row: number): readonly [number, number];
}

function inputOf(column: Column, rows: Int32Array, most: number): Input {
  if (column.kind === 'number') {
    const known = Float64Array.from(rows, (row) => column.values[row] ?? Number.NaN).filter(Number.isFinite);
    const mean = known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length);
    const spread = Math.sqrt(known.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, known.length)) || 1;
    return {
      size: 2,
      entry(from, row) {
        const value = from.kind === 'number' ? (from.values[row] ?? Number.NaN) : Number.NaN;
        return Number.isFinite(value) ? [0, (value - mean) / spread] : [1, 1];
      },
    };
  }
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(column.codes[row] ?? -1, (counts.get(column.codes[row] ?? -1) ?? 0) + 1);
  const often = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most);
  const places = new Map(often.map(([code], place) => [code, place]));
  return {
    size: often.length + 1,
    entry: (from, row) => [
      (from.kind === 'category' ? places.get(from.codes[row] ?? -1) : undefined) ?? often.length,
      1,
    ],
  };
}
