import { parseArgs } from 'node:util';
import type { ReadTable } from './build-table.ts';
import { compile, type Scorer } from './compile.ts';
import { compareAuc, compareLogLoss, type Difference } from './compare.ts';
import { pointsOf } from './explain.ts';
import { findLeaks } from './find-leaks.ts';
import { measure, type Metrics } from './metrics.ts';
import { fitPlainLogistic } from './plain-logistic.ts';
import { readTable } from './read-table.ts';
import { rollingRefresh } from './rolling-refresh.ts';
import { TableFault } from './table-fault.ts';
import { labelOf, rawRow, rowsByOrder, takeRows, type Table } from './table.ts';
import { foldsOf, train } from './train.ts';
import type { TrainedModel } from './trained-model.ts';

const usage = `Usage: npm run score:evaluate -- --csv FILE --label COLUMN [--time COLUMN|order] [--drop a,b] [--seed N] [--rows N]

Trains and evaluates on any table what scores and churn risks are made with.
  --csv    the table: UTF-8 or GB18030; comma, semicolon or tab; the first line names the columns
  --label  the column with the outcome (two values)
  --time   the column that says when a row came to be, or "order" when the rows stand in that order
  --drop   columns to leave out: those known only after the outcome, ids
  --seed   another draw of the folds (1)
  --rows   of more rows, this many are drawn at random (100000)`;

const folds = 5;
/** The oldest share of the rows that the time split learns from and calibrates on. */
const pastShare = 0.7;
const refreshEvery = 100;
const refreshFrom = 500;
const outcomesLate = 250;

/** What the command says goes to `say`, line by line; the answer is its exit code. */
export async function evaluate(argv: readonly string[], say: (line: string) => void): Promise<number> {
  try {
    const asked = readArguments(argv);
    if (!asked) {
      say(usage);
      return 0;
    }
    const read = await readTable(asked.csv, asked);
    tellTable(read, asked.label, say);
    // Folds look at rows as if they had no order: what time does is the time split's to say.
    evaluateFolds({ ...read.table, order: null }, asked.seed, say);
    if (read.table.order) evaluateTime(read.table, asked.seed, say);
    tellFinal(read.table, asked.seed, say);
    return 0;
  } catch (error) {
    if (!(error instanceof TableFault)) throw error;
    say(error.message);
    return 1;
  }
}

interface Asked {
  csv: string;
  label: string;
  time: string | undefined;
  drop: string[];
  seed: number;
  rowsMax: number;
}

function readArguments(argv: readonly string[]): Asked | null {
  const options = Object.fromEntries(
    ['csv', 'label', 'time', 'drop', 'seed', 'rows'].map((name) => [name, { type: 'string' as const }]),
  );
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean' as const } } }));
  } catch (error) {
    throw new TableFault(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
  if (values['help']) return null;
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const [csv, label] = [text('csv'), text('label')];
  if (!csv || !label) throw new TableFault(`${csv ? '--label' : '--csv'} is missing.\n\n${usage}`);
  return {
    csv,
    label,
    time: text('time'),
    drop: (text('drop') ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
    seed: wholeNumber('seed', text('seed'), 1),
    rowsMax: wholeNumber('rows', text('rows'), 100_000),
  };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new TableFault(`--${name} must be a whole number above 0, not ${text}.`);
  return Number(text);
}

function tellTable(
  { table, notes, encoding, delimiter, happened, dropped }: ReadTable,
  label: string,
  say: (line: string) => void,
) {
  const yes = table.label.reduce((sum, each) => sum + each, 0);
  const numbers = table.columns.filter(({ kind }) => kind === 'number').length;
  const named = { ',': 'comma', ';': 'semicolon', '\t': 'tab' }[delimiter] ?? delimiter;
  say(
    `${table.label.length} rows, ${table.columns.length} features (${numbers} of numbers, ${table.columns.length - numbers} of words); ${encoding}, ${named}`,
  );
  say(`${label} = ${happened} in ${yes} rows (${percent(yes / table.label.length)})`);
  if (dropped.length > 0) say(`Left out: ${dropped.map(({ name, why }) => `${name} (${whyWords[why]})`).join(', ')}`);
  for (const note of notes) say(`Note: ${note}`);
  const leaks = findLeaks(table);
  for (const { sentence } of leaks) say(`Leak? ${sentence}`);
  if (leaks.length === 0) say('No column looks like a leak.');
}

const whyWords = { asked: 'asked', constant: 'the same in all rows', time: 'the time' };

interface Run {
  probabilities: Float64Array;
  trainSeconds: number;
  scoreMicros: number;
}

function evaluateFolds(table: Table, seed: number, say: (line: string) => void): void {
  const parts = foldsOf(table.label, folds, seed);
  const ours = emptyRun(table);
  const plain = emptyRun(table);
  const ofFolds: { ours: Metrics; plain: Metrics; model: TrainedModel }[] = [];
  for (const { learned, held } of parts) {
    const model = timed(ours, parts.length, () => train(takeRows(table, learned), { seed }).model);
    const scorer = compile(model);
    const heldTable = takeRows(table, held);
    const said = timedScoring(ours, parts.length, held, () => scorer.scoreColumns(heldTable.columns));
    const predict = timed(plain, parts.length, () => fitPlainLogistic(table, learned));
    const plainSaid = timedScoring(plain, parts.length, held, () => predict(table, held));
    const label = labelOf(table, held);
    ofFolds.push({ ours: measure(said, label), plain: measure(plainSaid, label), model });
  }
  say('');
  say(`${folds} folds: every row is scored by a model that was learned from the other folds`);
  tellRuns(
    [
      ['this project', measure(ours.probabilities, table.label), ours],
      ['plain logistic', measure(plain.probabilities, table.label), plain],
    ],
    say,
  );
  const aucs = ofFolds.map(({ ours: { auc } }) => auc ?? 0.5);
  const plainAucs = ofFolds.map(({ plain: { auc } }) => auc ?? 0.5);
  say(
    `AUC fold by fold: ${aucs.map((auc) => auc.toFixed(4)).join(' ')} (mean ${mean(aucs).toFixed(4)}); plain ${mean(plainAucs).toFixed(4)}`,
  );
  say(`Less log loss than plain: ${interval(compareLogLoss(plain.probabilities, ours.probabilities, table.label), 5)}`);
  const auc = compareAuc(plain.probabilities, ours.probabilities, table.label);
  if (auc) say(`More AUC than plain: ${interval(auc, 4)}`);
  say(`Chosen inside the folds: ${ofFolds.map(({ model }) => `${chosenWords(model)}`).join('; ')}`);
  tellDeciles(measure(ours.probabilities, table.label), say);
}

function evaluateTime(table: Table, seed: number, say: (line: string) => void): void {
  const rows = rowsByOrder(table);
  const cut = Math.round(rows.length * pastShare);
  const past = takeRows(table, rows.slice(0, cut));
  const future = takeRows(table, rows.slice(cut));
  const isOneClass = [past, future].some(({ label }) => new Set(label).size < 2);
  say('');
  if (isOneClass) {
    say('Time split: one part has one outcome only, so nothing can be said.');
    return;
  }
  const { model } = train(past, { seed });
  const asLearned = compile({ ...model, calibration: { kind: 'platt', slope: 1, shift: 0 } });
  const scorer = compile(model);
  const once = scorer.scoreColumns(future.columns);
  const saidOfAll = scorer.scoreColumns(takeRows(table, rows).columns);
  const followed = (late: number) =>
    rollingRefresh(saidOfAll, labelOf(table, rows), { from: cut, every: refreshEvery, newest: refreshFrom, late });
  const predict = fitPlainLogistic(
    past,
    Int32Array.from(past.label, (_, row) => row),
  );
  const plain = predict(
    future,
    Int32Array.from(future.label, (_, row) => row),
  );
  const rate = ({ label }: Table) => percent(mean(label));
  say(
    `Time split: learned from the oldest ${percent(pastShare)} (${rate(past)} happened), tested on the rest (${rate(future)} happened)`,
  );
  tellRuns(
    [
      ['plain logistic', measure(plain, future.label)],
      ['before calibration', measure(asLearned.scoreColumns(future.columns), future.label)],
      ['calibrated once on the newest past', measure(once, future.label)],
      ['recalibrated as outcomes come in', measure(followed(0), future.label)],
      [`the same, outcomes ${outcomesLate} rows late`, measure(followed(outcomesLate), future.label)],
    ],
    say,
  );
  say(
    `Recalibrated: before every ${refreshEvery} rows of the test, in order, from the ${refreshFrom} rows before them, whose outcomes are known by then; the model stays.`,
  );
  say(`Chosen: ${chosenWords(model)}`);
  const drift = scorer.drift(future.columns);
  const moved = drift.features.slice(0, 5).map(({ name, psi }) => `${name} ${psi.toFixed(2)}`);
  say(`Drift from past to test (PSI; above 0.25 is large): score ${drift.score.toFixed(2)}; ${moved.join(', ')}`);
}

/** The model one would keep: learned from all rows. */
function tellFinal(table: Table, seed: number, say: (line: string) => void): void {
  const started = performance.now();
  const { model } = train(table, { seed });
  const seconds = (performance.now() - started) / 1000;
  const scorer = compile(model);
  say('');
  say(
    `Learned from all ${table.label.length} rows in ${seconds.toFixed(1)} s: ${chosenWords(model)}, calibrated by ${model.calibration.kind}; ${(JSON.stringify(model).length / 1000).toFixed(0)} kB as JSON`,
  );
  for (const { kind, logLoss, auc } of model.report.candidates)
    say(`  ${kind.padEnd(9)} held-out log loss ${logLoss.toFixed(5)}, AUC ${(auc ?? 0.5).toFixed(4)}`);
  const { bulk, single, explained } = timeScoring(scorer, table);
  say(
    `Scoring: ${bulk.toFixed(1)} µs a row in bulk, ${single.toFixed(1)} µs one by one; reasons ${explained.toFixed(0)} µs a row`,
  );
  say('');
  say('What moves the score (mean of |log odds|, over 2000 rows)');
  const importance = scorer.importance(table.columns);
  for (const { feature, mean: strength } of importance.slice(0, 12)) say(`  ${strength.toFixed(3)}  ${feature}`);
  const { score, base, reasons, others } = pointsOf(scorer.explain(rawRow(table, 0)), { top: 4 });
  const told = reasons.map(({ feature, value, points }) => `${signed(points)} ${feature} = ${value ?? '?'}`);
  say(`The first row: ${score} = ${base} ${[...told, `${signed(others)} others`].join(' ')}`);
}

function timeScoring(scorer: Scorer, table: Table): { bulk: number; single: number; explained: number } {
  const rows = table.label.length;
  const bulk = microsOf(() => scorer.scoreColumns(table.columns), rows);
  const sample = Array.from({ length: Math.min(rows, 5000) }, (_, i) =>
    rawRow(table, Math.floor((i * rows) / Math.min(rows, 5000))),
  );
  const single = microsOf(() => sample.forEach((row) => scorer.score(row)), sample.length);
  const explained = microsOf(() => sample.forEach((row) => scorer.explain(row)), sample.length);
  return { bulk, single, explained };
}

function microsOf(work: () => void, rows: number): number {
  const started = performance.now();
  work();
  return (1000 * (performance.now() - started)) / rows;
}

const emptyRun = (table: Table): Run => ({
  probabilities: new Float64Array(table.label.length),
  trainSeconds: 0,
  scoreMicros: 0,
});

function timed<T>(run: Run, times: number, work: () => T): T {
  const started = performance.now();
  const done = work();
  run.trainSeconds += (performance.now() - started) / 1000 / times;
  return done;
}

function timedScoring(run: Run, times: number, rows: Int32Array, work: () => Float64Array): Float64Array {
  const started = performance.now();
  const said = work();
  run.scoreMicros += (1000 * (performance.now() - started)) / Math.max(1, rows.length) / times;
  for (const [i, row] of rows.entries()) run.probabilities[row] = said[i] ?? 0;
  return said;
}

function tellRuns(runs: [string, Metrics, Run?][], say: (line: string) => void): void {
  const heading = ['', 'AUC', 'log loss', 'ECE', 'ECE width', 'Brier', 'P@10 %', 'lift top 10 %', 'train s', 'µs/row'];
  const lines = runs.map(([name, of, run]) => [
    name,
    (of.auc ?? 0.5).toFixed(4),
    of.logLoss.toFixed(5),
    of.ece.toFixed(4),
    of.eceWidth.toFixed(4),
    of.brier.toFixed(4),
    of.precisionTop10.toFixed(3),
    (of.lift[0] ?? 0).toFixed(2),
    run ? run.trainSeconds.toFixed(1) : '',
    run ? run.scoreMicros.toFixed(1) : '',
  ]);
  const isUsed = heading.map((_, i) => lines.some((line) => line[i] !== ''));
  const kept = [heading, ...lines].map((line) => line.filter((_, i) => isUsed[i]));
  const widths = (kept[0] ?? []).map((_, i) => Math.max(...kept.map((line) => (line[i] ?? '').length)));
  for (const line of kept)
    say(
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    );
  say('(ECE over 10 bins of the same number of rows; ECE width over 10 bins of the same width)');
}

function tellDeciles({ lift, calibration }: Metrics, say: (line: string) => void): void {
  say(`Lift tenth by tenth: ${lift.map((each) => each.toFixed(2)).join(' ')}`);
  say(
    `Said → happened: ${calibration.map(({ said, happened }) => `${said.toFixed(3)}→${happened.toFixed(3)}`).join(' ')}`,
  );
}

function chosenWords({ report, shares }: TrainedModel): string {
  switch (report.chosen) {
    case 'logistic':
      return 'logistic';
    case 'trees':
      return `${report.rounds} trees`;
    case 'blend':
      return `${report.rounds} trees × ${shares.trees.toFixed(1)} + logistic × ${shares.logistic.toFixed(1)}`;
    default:
      throw new TypeError(`There is no kind ${String(report.chosen satisfies never)}.`);
  }
}

const interval = ({ mean: middle, from, to }: Difference, digits: number) =>
  `${middle.toFixed(digits)} (95 %: ${from.toFixed(digits)} to ${to.toFixed(digits)})`;
const signed = (points: number) => (points < 0 ? `− ${-points}` : `+ ${points}`);
const percent = (share: number) => `${Number((100 * share).toFixed(1))} %`;

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / Math.max(1, values.length);
}

if (import.meta.main) {
  // Whoever reads the output may have seen enough.
  process.stdout.on('error', () => process.exit());
  process.exitCode = await evaluate(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
