import { z } from 'zod';
import type { CategoryColumn, Column, NumberColumn, Table } from './table.ts';

/** Bin 0 is what is not known; the rest are counted from 1, so that a code fits a byte. */
const binsMax = 254;
/** Fewer rows than this say nothing of a word: it goes with the other rare ones. */
const wordRowsMin = 20;

export const featureBins = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('number'),
    name: z.string(),
    /** Bin i + 1 ends with edges[i]; what is above the last is in the bin after it. */
    edges: z.array(z.number()).max(binsMax - 1),
  }),
  z.object({
    kind: z.literal('category'),
    name: z.string(),
    /** The word of bin i + 1, from what happened least with it to what happened most; null stands for the rare words. */
    words: z.array(z.string().nullable()).max(binsMax),
  }),
]);
export type FeatureBins = z.infer<typeof featureBins>;

/** The rows in bins, row after row. */
export interface Binned {
  rows: number;
  features: FeatureBins[];
  codes: Uint8Array;
}

export const binCount = (feature: FeatureBins) =>
  1 + (feature.kind === 'number' ? feature.edges.length + 1 : feature.words.length);

/** Learned on these rows alone: the order of the words looks at the label. */
export function fitBins(table: Table, rows: Int32Array, most = binsMax): FeatureBins[] {
  return table.columns.map((column) =>
    column.kind === 'number' ? fitNumber(column, rows, most) : fitCategory(column, rows, table.label, most),
  );
}

export function applyBins(features: FeatureBins[], columns: readonly Column[], rows: Int32Array): Binned {
  const codes = new Uint8Array(rows.length * features.length);
  const byName = new Map(columns.map((column) => [column.name, column]));
  for (const [place, feature] of features.entries()) {
    const column = byName.get(feature.name);
    if (column) fillBins(codes, place, features.length, feature, column, rows);
  }
  return { rows: rows.length, features, codes };
}

/** Of one value, as the world gives it. */
export function binner(feature: FeatureBins): (value: unknown) => number {
  if (feature.kind === 'number') {
    const edges = Float64Array.from(feature.edges);
    return (value) => (typeof value === 'number' ? numberBin(edges, value) : 0);
  }
  const places = wordBins(feature.words);
  const rare = feature.words.indexOf(null) + 1;
  return (value) => (value === null || value === undefined ? 0 : (places.get(String(value)) ?? rare));
}

/** What the bin holds, in words: for the one who reads a reason or a model card. */
export function binName(feature: FeatureBins, bin: number): string {
  if (bin === 0) return '?';
  if (feature.kind === 'category') return feature.words[bin - 1] ?? '*';
  const above = feature.edges[bin - 2];
  const upTo = feature.edges[bin - 1];
  if (above === undefined) return upTo === undefined ? '*' : `≤ ${upTo}`;
  return upTo === undefined ? `> ${above}` : `${above} – ${upTo}`;
}

function fitNumber(column: NumberColumn, rows: Int32Array, most: number): FeatureBins {
  const sorted = Float64Array.from(rows, (row) => column.values[row] ?? Number.NaN)
    .filter(Number.isFinite)
    .sort();
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const edges: number[] = [];
  if (distinct.length <= most) {
    for (let i = 1; i < distinct.length; i++) edges.push(between(distinct[i - 1] ?? 0, distinct[i] ?? 0));
  } else {
    let last = Number.NEGATIVE_INFINITY;
    for (let bin = 1; bin < most; bin++) {
      const at = Math.floor((bin * sorted.length) / most);
      const value = sorted[at] ?? 0;
      if (value > last && value < (sorted.at(-1) ?? 0)) edges.push(value);
      last = Math.max(last, value);
    }
  }
  return { kind: 'number', name: column.name, edges };
}

/** Halfway; the lower one itself when no number lies between. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle > low && middle < high ? middle : low;
}

function fitCategory(column: CategoryColumn, rows: Int32Array, label: Uint8Array, most: number): FeatureBins {
  const seen = new Float64Array(column.words.length);
  const happened = new Float64Array(column.words.length);
  let all = 0;
  let allHappened = 0;
  for (const row of rows) {
    const code = column.codes[row] ?? -1;
    const was = label[row] ?? 0;
    all++;
    allHappened += was;
    if (code < 0) continue;
    seen[code] = (seen[code] ?? 0) + 1;
    happened[code] = (happened[code] ?? 0) + was;
  }
  const known = column.words
    .map((word, code) => ({ word, seen: seen[code] ?? 0, happened: happened[code] ?? 0 }))
    .filter((each) => each.seen > 0)
    .sort((a, b) => b.seen - a.seen || (a.word < b.word ? -1 : 1));
  const enough = Math.min(wordRowsMin, Math.ceil(rows.length / 50));
  const often = known.filter((each) => each.seen >= enough).slice(0, most - 1);
  const rare = known.slice(often.length);
  const groups: { word: string | null; seen: number; happened: number }[] = often;
  if (rare.length > 0)
    groups.push({
      word: null,
      seen: rare.reduce((sum, each) => sum + each.seen, 0),
      happened: rare.reduce((sum, each) => sum + each.happened, 0),
    });
  // A word seen seldom is drawn towards the whole.
  const prior = all === 0 ? 0 : allHappened / all;
  const rate = (each: { seen: number; happened: number }) => (each.happened + 10 * prior) / (each.seen + 10);
  groups.sort((a, b) => rate(a) - rate(b) || ((a.word ?? '') < (b.word ?? '') ? -1 : 1));
  return { kind: 'category', name: column.name, words: groups.map(({ word }) => word) };
}

const wordBins = (words: readonly (string | null)[]) =>
  new Map(words.flatMap((word, i) => (word === null ? [] : [[word, i + 1] as const])));

function fillBins(
  codes: Uint8Array,
  place: number,
  width: number,
  feature: FeatureBins,
  column: Column,
  rows: Int32Array,
): void {
  if (feature.kind === 'number') {
    if (column.kind !== 'number') throw new RangeError(`Column ${column.name} holds words where numbers were learned.`);
    const edges = Float64Array.from(feature.edges);
    const { values } = column;
    for (let i = 0; i < rows.length; i++)
      codes[i * width + place] = numberBin(edges, values[rows[i] ?? 0] ?? Number.NaN);
    return;
  }
  const bin = binner(feature);
  if (column.kind !== 'category') {
    for (let i = 0; i < rows.length; i++) {
      const value = column.values[rows[i] ?? 0];
      codes[i * width + place] = bin(value === undefined || Number.isNaN(value) ? null : value);
    }
    return;
  }
  const ofWord = Uint8Array.from(column.words, bin);
  for (let i = 0; i < rows.length; i++) codes[i * width + place] = ofWord[column.codes[rows[i] ?? 0] ?? -1] ?? 0;
}

function numberBin(edges: Float64Array, value: number): number {
  if (!Number.isFinite(value)) return 0;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low + 1;
}
