import { isMissing, type Collected, type ReadOptions } from './collect-rows.ts';
import { makeTable, type Column, type Table } from './table.ts';
import { TableFault } from './table-fault.ts';

export interface ReadTable {
  table: Table;
  /** What was done to the file that its owner should know, in sentences. */
  notes: string[];
  encoding: string;
  delimiter: string;
  /** Which word of the label stands for "it happened". */
  happened: string;
  dropped: { name: string; why: 'asked' | 'constant' | 'time' }[];
}

const yesWords = new Set(['1', 'yes', 'y', 'true', 't', '是', '有', '成交', '流失', '1.0']);
const noWords = new Set(['0', 'no', 'n', 'false', 'f', '否', '无', '未成交', '未流失', '0.0']);
/** A column of numbers may hold this share of words that are none; they count as not known. */
const wordsAmongNumbersMax = 0.01;
const eachOutcomeMin = 10;
const columnsMax = 300;

/** What stands in a column: each word once, and for each row which. */
interface Words {
  codes: Int32Array;
  words: string[];
}

export function buildTable(collected: Collected, options: ReadOptions): ReadTable {
  const notes: string[] = [];
  const { names, labels } = collected;
  if (collected.rowsSeen === 0) throw new TableFault(noRows(collected, options.label));
  const happened = happenedWord(collected, options.label, notes);
  for (const [word, { rows }] of labels)
    if (rows < eachOutcomeMin)
      throw new TableFault(
        `The label ${options.label} is ${word} in ${rows} rows only: ${eachOutcomeMin} rows of each outcome are needed at least.`,
      );
  noteDropped(collected, options.label, notes);
  const rows = collected.rows.sort((a, b) => a.index - b.index);
  if (rows.length < collected.rowsSeen)
    notes.push(
      `The file has ${collected.rowsSeen} rows; ${rows.length} of them, drawn at random, are used, so that they fit into memory.`,
    );
  const all = wordsOf(collected);
  const columns: Column[] = [];
  const dropped: ReadTable['dropped'] = [];
  let label: boolean[] = [];
  let order: Float64Array | undefined =
    options.time === 'order' ? Float64Array.from(rows, ({ index }) => index) : undefined;
  for (const [at, name] of names.entries()) {
    const ofColumn = all[at];
    if (!ofColumn) continue;
    if (at === collected.labelAt) label = Array.from(ofColumn.codes, (code) => ofColumn.words[code] === happened);
    else if (options.drop?.includes(name)) dropped.push({ name, why: 'asked' });
    else if (name === options.time) {
      order = timesOf(name, ofColumn, rows);
      dropped.push({ name, why: 'time' });
    } else {
      const column = columnOf(name === '' ? `column ${at + 1}` : name, ofColumn, notes);
      if (isConstant(column)) dropped.push({ name: column.name, why: 'constant' });
      else columns.push(column);
    }
  }
  const drawn = label.filter(Boolean).length;
  for (const [count, word] of [
    [drawn, happened],
    [label.length - drawn, [...labels.keys()].find((each) => each !== happened)],
  ] as const)
    if (count < eachOutcomeMin)
      throw new TableFault(
        `Of the ${rows.length} rows drawn at random ${count} have ${options.label} = ${word}: ${eachOutcomeMin} rows of each outcome are needed at least.`,
      );
  if (columns.length === 0)
    throw new TableFault('There is nothing to learn from: every column has the same value in all rows.');
  if (columns.length > columnsMax)
    throw new TableFault(
      `The table has ${columns.length} columns to learn from; ${columnsMax} are the most: drop some.`,
    );
  const { encoding, delimiter } = collected;
  return { table: makeTable(columns, label, order), notes, encoding, delimiter, happened, dropped };
}

function wordsOf({ rows, names }: Collected): Words[] {
  const places = names.map(() => new Map<string, number>());
  const all = names.map((): Words => ({ codes: new Int32Array(rows.length), words: [] }));
  for (const [row, { bytes }] of rows.entries())
    for (const [at, cell] of (JSON.parse(bytes.toString()) as string[]).entries()) {
      const [ofColumn, known] = [all[at], places[at]];
      if (!ofColumn || !known) continue;
      let code = known.get(cell);
      if (code === undefined) {
        code = ofColumn.words.length;
        known.set(cell, code);
        ofColumn.words.push(cell);
      }
      ofColumn.codes[row] = code;
    }
  return all;
}

function noRows({ withoutLabel, ragged }: Collected, label: string): string {
  if (withoutLabel.rows > 0)
    return `The label ${label} is missing in all ${withoutLabel.rows} rows (the first is line ${withoutLabel.firstLine}).`;
  if (ragged.rows > 0)
    return `Line ${ragged.firstLine} has not as many cells as line 1 names columns, and so have all others.`;
  return 'The file has no rows below the line that names the columns.';
}

function happenedWord({ labels, rowsSeen }: Collected, name: string, notes: string[]): string {
  const [first, second] = [...labels].map(([word, { rows }]) => ({ word, rows }));
  if (!first || !second)
    throw new TableFault(
      `The label ${name} is ${first?.word} in all ${rowsSeen} rows: there must be two outcomes to learn from.`,
    );
  for (const [a, b] of [
    [first, second],
    [second, first],
  ] as const)
    if (yesWords.has(a.word.toLowerCase()) || noWords.has(b.word.toLowerCase())) return a.word;
  const rarer = first.rows <= second.rows ? first : second;
  notes.push(
    `The label ${name} is ${first.word} or ${second.word}; ${rarer.word}, the rarer, is taken as what happened.`,
  );
  return rarer.word;
}

function noteDropped({ withoutLabel, ragged, names }: Collected, label: string, notes: string[]): void {
  if (withoutLabel.rows > 0)
    notes.push(`${withoutLabel.rows} rows without ${label} are left out; the first is line ${withoutLabel.firstLine}.`);
  if (ragged.rows > 0)
    notes.push(
      `${ragged.rows} rows that have not ${names.length} cells as line 1 has are left out; the first is line ${ragged.firstLine}.`,
    );
}

const numberShape = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Numbers when (nearly) all that is known is one. */
function columnOf(name: string, { codes, words }: Words, notes: string[]): Column {
  const numbers = Float64Array.from(words, (word) => (numberShape.test(word) ? Number(word) : Number.NaN));
  const isKnown = words.map((word) => !isMissing(word));
  let known = 0;
  let strange = 0;
  let example = '';
  for (const code of codes) {
    if (!isKnown[code]) continue;
    known++;
    if (!Number.isNaN(numbers[code])) continue;
    strange++;
    example ||= words[code] ?? '';
  }
  if (known === 0 || strange > known * wordsAmongNumbersMax)
    return { kind: 'category', name, words, codes: codes.map((code) => (isKnown[code] ? code : -1)) };
  if (strange > 0) notes.push(`${name} holds numbers; ${strange} cells that are none (${example}) count as not known.`);
  return { kind: 'number', name, values: Float64Array.from(codes, (code) => numbers[code] ?? Number.NaN) };
}

function isConstant(column: Column): boolean {
  const values: ArrayLike<number> = column.kind === 'number' ? column.values : column.codes;
  const first = values[0] ?? 0;
  for (let row = 1; row < values.length; row++) if (!Object.is(values[row], first)) return false;
  return true;
}

function timesOf(name: string, { codes, words }: Words, rows: Collected['rows']): Float64Array {
  const times = Float64Array.from(words, (word) => (numberShape.test(word) ? Number(word) : Date.parse(word)));
  const wrong = codes.findIndex((code) => Number.isNaN(times[code]));
  if (wrong >= 0) {
    const word = words[codes[wrong] ?? 0] ?? '';
    const said = word === '' ? 'empty' : `"${word.slice(0, 40)}"`;
    throw new TableFault(
      `Line ${rows[wrong]?.line}: ${name} is ${said}, which is neither a number nor a date such as 2026-03-01.`,
    );
  }
  return Float64Array.from(codes, (code) => times[code] ?? 0);
}
