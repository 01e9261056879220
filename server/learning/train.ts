import { applyBins, fitBins, type Binned } from './bins.ts';
import { growTrees, treesDefaults, treesMargins, type TreesModel, type TreesOptions } from './boosted-trees.ts';
import { calibrator, chooseCalibration, fitCalibration, fitPlatt, type Calibration } from './calibration.ts';
import { spreadOf } from './drift.ts';
import { fitLogistic, logisticDefaults, logisticMargins, type LogisticOptions } from './logistic.ts';
import { areaUnderCurve, logLosses, measure } from './metrics.ts';
import { logOddsOf } from './odds.ts';
import { seeded, shuffled } from './seeded.ts';
import { allRows, labelOf, rowsByOrder, type Table } from './table.ts';
import { modelKinds, type ModelKind, type TrainedModel, type TrainReport } from './trained-model.ts';

/**
 * How a room learns a probability and uses it:
 *
 *   const table = makeTable([numberColumn('silentDays', …), categoryColumn('source', …)], outcomes, times);
 *   const { model, heldOut } = train(table);          // takes seconds: in a worker, never in a request
 *   await save(JSON.stringify(model));                // read back with trainedModel.parse
 *   const scorer = compile(model);
 *   scorer.score({ silentDays: 3, source: null });    // { margin, probability, score }
 *   scorer.scoreColumns(columns);                     // a million rows in seconds
 *   pointsOf(scorer.explain(row), { top: 5 });        // reasons and others that add up to the score
 *   const fresh = refresh(model, probabilities, outcomes);  // outcomes newer than the training
 *   isBetter(championSaid, challengerSaid, outcomes)  // on the same held-out rows
 */
export interface TrainOptions {
  seed?: number;
  trees?: Partial<TreesOptions>;
  logistic?: Partial<LogisticOptions>;
  /** How many parts are held out in turn. */
  parts?: number;
  /** What may be chosen from; everything, unless said. */
  kinds?: readonly ModelKind[];
}

/** What the model says of rows it was not learned from, with a calibration that did not see them. */
export interface HeldOut {
  rows: Int32Array;
  margins: Float64Array;
  probabilities: Float64Array;
}
export interface Trained {
  model: TrainedModel;
  heldOut: HeldOut;
}

/** Both classes must be there. The same table and seed give the same model. */
export function train(table: Table, options: TrainOptions = {}): Trained {
  const seed = options.seed ?? 1;
  const trees: TreesOptions = { ...treesDefaults, seed, ...options.trees };
  const logistic: LogisticOptions = { ...logisticDefaults, ...options.logistic };
  const { validation, parts } = partsOf(table, options.parts ?? 5, seed);
  const tried = parts.map((part) => tryPart(table, part, trees, logistic));
  const rounds = bestRounds(tried.map(({ losses }) => losses));
  const held = {
    rows: joinRows(tried.map(({ part }) => part.held)),
    logistic: join(tried.map((each) => each.logistic)),
    trees: join(tried.map((each) => treesMargins(each.trees, each.heldBinned, rounds))),
  };
  const label = labelOf(table, held.rows);
  const { chosen, shareOfTrees, candidates } = choose(
    held,
    label,
    tried.map(({ part }) => part.held.length),
    options.kinds ?? modelKinds,
  );
  const margins = blend(held.logistic, held.trees, shareOfTrees);
  const newest = validation === 'time' ? newestFrom(label) : 0;
  const { chosen: calibration, losses } = chooseCalibration(margins.subarray(newest), label.subarray(newest));
  const probabilities = crossCalibrated(calibration.kind, margins, label);
  const all = allRows(table);
  const binned = applyBins(fitBins(table, all), table.columns, all);
  const model: TrainedModel = {
    version: 1,
    features: binned.features,
    logistic: shareOfTrees < 1 ? fitLogistic(binned, table.label, logistic) : null,
    trees: shareOfTrees > 0 ? growTrees(binned, table.label, { ...trees, roundsMax: rounds }).model : null,
    shares: { logistic: 1 - shareOfTrees, trees: shareOfTrees },
    calibration,
    refresh: null,
    spread: spreadOf(binned, margins),
    report: {
      rows: table.label.length,
      happened: table.label.reduce((sum, each) => sum + each, 0),
      validation,
      candidates,
      chosen,
      rounds: shareOfTrees > 0 ? rounds : 0,
      calibrations: losses,
      heldOut: measure(probabilities, label),
    },
  };
  return { model, heldOut: { rows: held.rows, margins, probabilities } };
}

/**
 * The model with its probabilities moved to what newer outcomes say: a shift of the log odds, and a slope when there are
 * enough of them. Few outcomes move little.
 */
export function refresh(model: TrainedModel, probabilities: Float64Array, label: Uint8Array): TrainedModel {
  const before = model.refresh ?? { slope: 1, shift: 0 };
  const fitted = fitRefresh(probabilities, label);
  return {
    ...model,
    refresh: { slope: fitted.slope * before.slope, shift: fitted.slope * before.shift + fitted.shift },
  };
}

export function fitRefresh(probabilities: Float64Array, label: Uint8Array): { slope: number; shift: number } {
  const odds = probabilities.map((p) => logOddsOf(Math.min(Math.max(p, 1e-9), 1 - 1e-9)));
  const happened = label.reduce((sum, each) => sum + each, 0);
  const { slope, shift } = fitPlatt(odds, label, {
    l2: 3,
    keepSlope: Math.min(happened, label.length - happened) < 50,
  });
  return { slope, shift };
}

interface Part {
  learned: Int32Array;
  held: Int32Array;
}

/**
 * With an order: each of the newest parts, learned from all that is older; but for times in which the oldest rows all came
 * out the same. Without: each part, learned from the rest.
 */
function partsOf(table: Table, count: number, seed: number): { validation: TrainReport['validation']; parts: Part[] } {
  const parts = table.order ? timeParts(table, count) : [];
  return parts.length >= 2
    ? { validation: 'time', parts }
    : { validation: 'folds', parts: foldsOf(table.label, count, seed) };
}

function timeParts(table: Table, count: number): Part[] {
  const rows = rowsByOrder(table);
  const cut = (part: number) => Math.round(rows.length * (0.5 + (0.5 * part) / count));
  return Array.from({ length: count }, (_, part) => ({
    learned: rows.slice(0, cut(part)),
    held: rows.slice(cut(part), cut(part + 1)),
  })).filter(({ learned, held }) => held.length > 0 && hasBoth(table, learned));
}

/** Each row held out once; the classes in equal shares. */
export function foldsOf(label: Uint8Array, count: number, seed: number): Part[] {
  const random = seeded(seed);
  const all = shuffled(
    Int32Array.from(label, (_, row) => row),
    random,
  );
  const fold = new Uint8Array(label.length);
  const dealt = [0, 0];
  for (const row of all) {
    const was = label[row] ?? 0;
    fold[row] = (dealt[was] ?? 0) % count;
    dealt[was] = (dealt[was] ?? 0) + 1;
  }
  const rows = Int32Array.from(label, (_, row) => row);
  return Array.from({ length: count }, (_, part) => ({
    learned: rows.filter((row) => fold[row] !== part),
    held: rows.filter((row) => fold[row] === part),
  })).filter(({ held }) => held.length > 0);
}

function hasBoth(table: Table, rows: Int32Array): boolean {
  const happened = rows.reduce((sum, row) => sum + (table.label[row] ?? 0), 0);
  return happened > 0 && happened < rows.length;
}

interface Tried {
  part: Part;
  heldBinned: Binned;
  logistic: Float64Array;
  trees: TreesModel;
  losses: number[];
}

function tryPart(table: Table, part: Part, trees: TreesOptions, logistic: LogisticOptions): Tried {
  const features = fitBins(table, part.learned);
  const binned = applyBins(features, table.columns, part.learned);
  const heldBinned = applyBins(features, table.columns, part.held);
  const label = labelOf(table, part.learned);
  const grown = growTrees(binned, label, trees, { binned: heldBinned, label: labelOf(table, part.held) });
  return {
    part,
    heldBinned,
    logistic: logisticMargins(fitLogistic(binned, label, logistic), heldBinned),
    trees: grown.model,
    losses: grown.losses,
  };
}

/** One number of trees for all parts: what each alone would choose looks too closely at what it held out. */
function bestRounds(losses: number[][]): number {
  const shared = Math.min(...losses.map((each) => each.length));
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < shared; round++) {
    const sum = losses.reduce((all, each) => all + (each[round] ?? 0), 0);
    if (sum < least) [best, least] = [round, sum];
  }
  return best;
}

function choose(
  { logistic, trees }: { logistic: Float64Array; trees: Float64Array },
  label: Uint8Array,
  sizes: readonly number[],
  kinds: readonly ModelKind[],
): { chosen: ModelKind; shareOfTrees: number; candidates: TrainReport['candidates'] } {
  const tried = Array.from({ length: 11 }, (_, i) => {
    const shareOfTrees = i / 10;
    const margins = blend(logistic, trees, shareOfTrees);
    const logLoss = calibratedLoss(margins, label, sizes);
    return { shareOfTrees, logLoss, auc: areaUnderCurve(margins, label) };
  });
  const least = (among: typeof tried) => among.reduce((best, each) => (each.logLoss < best.logLoss ? each : best));
  const candidates = [
    { kind: 'logistic' as const, ...least(tried.slice(0, 1)) },
    { kind: 'trees' as const, ...least(tried.slice(-1)) },
    { kind: 'blend' as const, ...least(tried.slice(1, -1)) },
  ].filter(({ kind }) => kinds.includes(kind));
  const best = candidates.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
  return { chosen: best.kind, shareOfTrees: best.shareOfTrees, candidates };
}

/** Each held-out part calibrated by itself: a level that moves from part to part is not what tells two models apart. */
function calibratedLoss(margins: Float64Array, label: Uint8Array, sizes: readonly number[]): number {
  let sum = 0;
  let from = 0;
  for (const size of sizes) {
    const [ofPart, labelOfPart] = [margins.subarray(from, from + size), label.subarray(from, from + size)];
    sum += logLosses(ofPart.map(calibrator(fitPlatt(ofPart, labelOfPart))), labelOfPart).reduce(
      (all, loss) => all + loss,
      0,
    );
    from += size;
  }
  return sum / Math.max(1, from);
}

/** Where the newest rows begin that calibrate: as few as have a hundred outcomes of both kinds, two fifths at least. */
function newestFrom(label: Uint8Array): number {
  const seen = [0, 0];
  let from = label.length;
  while (from > 0 && (from > label.length * 0.6 || Math.min(seen[0] ?? 0, seen[1] ?? 0) < 100)) {
    from--;
    const was = label[from] ?? 0;
    seen[was] = (seen[was] ?? 0) + 1;
  }
  return from;
}

const blend = (logistic: Float64Array, trees: Float64Array, shareOfTrees: number) =>
  logistic.map((margin, i) => (1 - shareOfTrees) * margin + shareOfTrees * (trees[i] ?? 0));

function crossCalibrated(kind: Calibration['kind'], margins: Float64Array, label: Uint8Array, parts = 5): Float64Array {
  const probabilities = new Float64Array(margins.length);
  for (let part = 0; part < parts; part++) {
    const isIn = (_: number, i: number) => i % parts !== part;
    const map = calibrator(fitCalibration(kind, margins.filter(isIn), label.filter(isIn)));
    for (let i = part; i < margins.length; i += parts) probabilities[i] = map(margins[i] ?? 0);
  }
  return probabilities;
}

function join(parts: Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const joinRows = (parts: Int32Array[]) => Int32Array.from(parts.flatMap((part) => [...part]));
