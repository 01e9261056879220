import { applyBins, binCount, binName, fitBins, type Binned } from './bins.ts';
import { fitLogistic, logisticMargins } from './logistic.ts';
import { areaUnderCurve } from './metrics.ts';
import { seeded } from './seeded.ts';
import { allRows, labelOf, lengthOf, type Column, type Table } from './table.ts';

/** Why a column should be looked at before a model is trusted that learned from it. */
export type LeakKind = 'predicts_alone' | 'worth_more_than_others' | 'filled_after' | 'one_outcome_only' | 'like_an_id';
export interface Leak {
  feature: string;
  kind: LeakKind;
  /** Of the kind: an area under the curve, a share of rows or a number of rows. */
  figure: number;
  sentence: string;
}

const aloneAucMin = 0.95;
/** From here a single column that does as well as all the others is asked after. */
const suspectAucMin = 0.75;
const worthMoreMin = 0.02;
const filledDifferenceMin = 0.8;
const oneOutcomeRowsMin = 30;
const idRowsMin = 50;
const lookedAtMax = 20_000;

export function findLeaks(table: Table): Leak[] {
  const rows = everyNth(table, lookedAtMax);
  const label = labelOf(table, rows);
  const binned = applyBins(fitBins(table, rows, 64), table.columns, rows);
  const alone = table.columns.map(({ name }, j) => ({ name, j, auc: aloneAuc(binned, j, label) }));
  return [
    ...alone.flatMap(({ name, auc }) => predictsAlone(name, auc)),
    ...worthMoreThanOthers(binned, label, alone),
    ...binned.features.flatMap((_, j) => [...filledAfter(binned, j, label), ...oneOutcomeOnly(binned, j, label)]),
    ...table.columns.flatMap(likeAnId),
  ];
}

function predictsAlone(feature: string, auc: number): Leak[] {
  if (auc < aloneAucMin) return [];
  const sentence = `${feature} alone tells the outcome almost perfectly (AUC ${auc.toFixed(3)}): is it written after the outcome, or because of it?`;
  return [{ feature, kind: 'predicts_alone', figure: auc, sentence }];
}

/** Only the strongest: a column that does by itself what all the others together do is seldom known beforehand. */
function worthMoreThanOthers(
  binned: Binned,
  label: Uint8Array,
  alone: { name: string; j: number; auc: number }[],
): Leak[] {
  const [top] = alone.toSorted((a, b) => b.auc - a.auc);
  if (!top || alone.length < 4 || top.auc < suspectAucMin || top.auc >= aloneAucMin) return [];
  const others = logisticAuc(withoutFeature(binned, top.j), label);
  if (top.auc < others + worthMoreMin) return [];
  const sentence = `${top.name} alone (AUC ${top.auc.toFixed(3)}) is worth more than all the other columns together (${others.toFixed(3)}): is it known before the outcome?`;
  return [{ feature: top.name, kind: 'worth_more_than_others', figure: top.auc, sentence }];
}

function filledAfter(binned: Binned, place: number, label: Uint8Array): Leak[] {
  const filled = [0, 0];
  const all = [0, 0];
  for (let row = 0; row < binned.rows; row++) {
    const was = label[row] ?? 0;
    all[was] = (all[was] ?? 0) + 1;
    if (binned.codes[row * binned.features.length + place]) filled[was] = (filled[was] ?? 0) + 1;
  }
  const [no = 0, yes = 0] = filled.map((count, was) => count / Math.max(1, all[was] ?? 0));
  const isOneSided = (no === 0) !== (yes === 0) && Math.max(filled[0] ?? 0, filled[1] ?? 0) >= oneOutcomeRowsMin;
  const isMinoritySided = isOneSided && (filled[(all[1] ?? 0) <= (all[0] ?? 0) ? 1 : 0] ?? 0) > 0;
  if (Math.abs(yes - no) < filledDifferenceMin && !isMinoritySided) return [];
  const feature = binned.features[place]?.name ?? '';
  const sentence = `${feature} is filled in ${percent(yes)} of the rows where it happened and in ${percent(no)} of the others: is it filled in only after the outcome?`;
  return [{ feature, kind: 'filled_after', figure: Math.abs(yes - no), sentence }];
}

/** A value that only ever stands beside the rarer outcome. The other way round is common and says little. */
function oneOutcomeOnly(binned: Binned, place: number, label: Uint8Array): Leak[] {
  const feature = binned.features[place];
  if (feature?.kind !== 'category') return [];
  const happened = label.reduce((sum, each) => sum + each, 0);
  const rarer = happened * 2 <= label.length ? 1 : 0;
  const seen = new Float64Array(binCount(feature));
  const seenRarer = new Float64Array(binCount(feature));
  for (let row = 0; row < binned.rows; row++) {
    const bin = binned.codes[row * binned.features.length + place] ?? 0;
    seen[bin] = (seen[bin] ?? 0) + 1;
    if (label[row] === rarer) seenRarer[bin] = (seenRarer[bin] ?? 0) + 1;
  }
  const bin = seen.findIndex((count, i) => i > 0 && count >= oneOutcomeRowsMin && seenRarer[i] === count);
  if (bin < 0) return [];
  const count = seen[bin] ?? 0;
  const sentence = `${feature.name} = ${binName(feature, bin)} stands in ${count} rows, all with the same outcome: is it written because of the outcome?`;
  return [{ feature: feature.name, kind: 'one_outcome_only', figure: count, sentence }];
}

/** Nearly every row has its own: nothing can be learned from it but by heart. */
function likeAnId(column: Column): Leak[] {
  const known = knownValues(column);
  if (known.length < idRowsMin) return [];
  const share = new Set(known).size / known.length;
  const isId =
    column.kind === 'category' ? share > 0.9 : share === 1 && known.every((value) => Number.isInteger(value));
  if (!isId) return [];
  const sentence = `${column.name} is different in ${percent(share)} of the rows, like an id: drop it.`;
  return [{ feature: column.name, kind: 'like_an_id', figure: share, sentence }];
}

function knownValues(column: Column): number[] {
  const values: ArrayLike<number> = column.kind === 'number' ? column.values : column.codes;
  const step = Math.max(1, Math.floor(lengthOf(column) / lookedAtMax));
  const known: number[] = [];
  for (let row = 0; row < values.length; row += step) {
    const value = values[row] ?? Number.NaN;
    if (column.kind === 'number' ? !Number.isNaN(value) : value >= 0) known.push(value);
  }
  return known;
}

/** What a column by itself says of rows that were left out: how often it happened among the others in the same bin. */
function aloneAuc(binned: Binned, place: number, label: Uint8Array, parts = 5): number {
  const feature = binned.features[place];
  const bins = feature ? binCount(feature) : 0;
  const width = binned.features.length;
  const random = seeded(1);
  const part = Uint8Array.from(label, () => Math.floor(random() * parts));
  const seen = new Float64Array(bins * parts);
  const happened = new Float64Array(bins * parts);
  for (let row = 0; row < binned.rows; row++) {
    const at = (part[row] ?? 0) * bins + (binned.codes[row * width + place] ?? 0);
    seen[at] = (seen[at] ?? 0) + 1;
    happened[at] = (happened[at] ?? 0) + (label[row] ?? 0);
  }
  const rate = label.reduce((sum, each) => sum + each, 0) / Math.max(1, label.length);
  const rates = new Float64Array(bins * parts);
  for (let own = 0; own < parts; own++)
    for (let bin = 0; bin < bins; bin++) {
      let [all, yes] = [2, 2 * rate];
      for (let other = 0; other < parts; other++) {
        if (other === own) continue;
        all += seen[other * bins + bin] ?? 0;
        yes += happened[other * bins + bin] ?? 0;
      }
      rates[own * bins + bin] = yes / all;
    }
  const said = Float64Array.from(
    label,
    (_, row) => rates[(part[row] ?? 0) * bins + (binned.codes[row * width + place] ?? 0)] ?? 0,
  );
  return areaUnderCurve(said, label) ?? 0.5;
}

/** Learned from one half, looked at in the other, and the other way round. */
function logisticAuc(binned: Binned, label: Uint8Array): number {
  const halves = [0, 1].map((half) => takeEvery(binned, label, half));
  const [a, b] = halves;
  if (!a || !b) return 0.5;
  const aucs = [
    areaUnderCurve(logisticMargins(fitLogistic(a.binned, a.label), b.binned), b.label),
    areaUnderCurve(logisticMargins(fitLogistic(b.binned, b.label), a.binned), a.label),
  ];
  return aucs.reduce<number>((sum, auc) => sum + (auc ?? 0.5), 0) / aucs.length;
}

function takeEvery(binned: Binned, label: Uint8Array, half: number): { binned: Binned; label: Uint8Array } {
  const width = binned.features.length;
  const isIn = (_: unknown, row: number) => row % 2 === half;
  const codes = binned.codes.filter((_, at) => Math.floor(at / width) % 2 === half);
  return { binned: { ...binned, rows: codes.length / width, codes }, label: label.filter(isIn) };
}

function withoutFeature(binned: Binned, place: number): Binned {
  const width = binned.features.length;
  return {
    rows: binned.rows,
    features: binned.features.filter((_, j) => j !== place),
    codes: binned.codes.filter((_, at) => at % width !== place),
  };
}

function everyNth(table: Table, most: number): Int32Array {
  const step = Math.max(1, Math.ceil(table.label.length / most));
  return allRows(table).filter((row) => row % step === 0);
}

const percent = (share: number) => `${Number((100 * share).toFixed(1))} %`;
