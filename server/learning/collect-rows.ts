import { csvReader, type CsvReader, type CsvRecord } from '#server/base/csv.ts';
import { seeded } from './seeded.ts';
import { TableFault } from './table-fault.ts';

export interface ReadOptions {
  label: string;
  /** A column that says when a row came to be, or 'order' when the rows stand in that order already. */
  time?: string | undefined;
  drop?: readonly string[];
  /** Of more rows than this, this many are drawn at random: no file is too large for the memory. */
  rowsMax?: number;
  /** Of more cells than this likewise. */
  cellsMax?: number;
}
export interface Collected {
  names: string[];
  labelAt: number;
  /** Kept cells of each row, as JSON bytes: a slice of text would hold on to all the text it was cut from. */
  rows: KeptRow[];
  labels: Map<string, { line: number; rows: number }>;
  rowsSeen: number;
  withoutLabel: { rows: number; firstLine: number };
  ragged: { rows: number; firstLine: number };
  encoding: string;
  delimiter: string;
  rowsMax: number;
}

interface KeptRow {
  index: number;
  line: number;
  bytes: Buffer;
}

const delimiters = [',', ';', '\t'] as const;
const missing = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '#n/a']);
export const isMissing = (cell: string) => missing.has(cell.toLowerCase());

/** Takes the text of a table as it comes and keeps what can be held of it. */
export function makeCollector(encoding: string, options: ReadOptions): { push(text: string): void; end(): Collected } {
  const random = seeded(1);
  let collected: Collected | null = null;
  let reader: CsvReader | null = null;

  const take = ({ line, cells }: CsvRecord) => {
    if (!collected) {
      collected = startOf(cells, encoding, reader ? delimiter : ',', options);
      return;
    }
    if (cells.length !== collected.names.length) {
      collected.ragged.firstLine ||= line;
      collected.ragged.rows++;
      return;
    }
    const label = cells[collected.labelAt] ?? '';
    if (isMissing(label)) {
      collected.withoutLabel.firstLine ||= line;
      collected.withoutLabel.rows++;
      return;
    }
    countLabel(collected, label, line, options.label);
    keep(collected, line, cells, random);
  };
  let delimiter = ',';
  return {
    push(text) {
      if (!reader && text.trim() === '') return;
      if (!reader) {
        delimiter = delimiterOf(text);
        reader = csvReader(take, delimiter);
      }
      reader.push(text);
      refuseFault(reader);
    },
    end() {
      reader?.end();
      refuseFault(reader);
      if (!collected) throw new TableFault('The file is empty: its first line must name the columns.');
      return collected;
    },
  };
}

function refuseFault(reader: CsvReader | null): void {
  if (reader && reader.faultOn !== null)
    throw new TableFault(`Line ${reader.faultOn}: a quote is not closed, or more follows it than the end of its cell.`);
}

/** The one there is most of in the first line, outside quotes. */
function delimiterOf(text: string): string {
  const [first = ''] = text
    .trimStart()
    .replaceAll(/"[^"]*"/g, '')
    .split(/[\r\n]/, 1);
  const counts = delimiters.map((delimiter) => first.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

function startOf(names: string[], encoding: string, delimiter: string, options: ReadOptions): Collected {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TableFault(`Line 1 names two columns ${twice === '' ? 'with nothing' : twice}.`);
  const known = `the columns are ${names.join(', ')}`;
  const labelAt = names.indexOf(options.label);
  if (labelAt < 0) throw new TableFault(`There is no label column ${options.label}: ${known}.`);
  for (const name of options.drop ?? [])
    if (!names.includes(name)) throw new TableFault(`There is no column ${name} to drop: ${known}.`);
  if (options.drop?.includes(options.label)) throw new TableFault(`The label ${options.label} cannot be dropped.`);
  if (options.time === options.label) throw new TableFault(`The label ${options.label} cannot be the time too.`);
  if (options.time !== undefined && options.time !== 'order' && !names.includes(options.time))
    throw new TableFault(`There is no time column ${options.time}: ${known}, or say order.`);
  const rowsMax = Math.min(options.rowsMax ?? 100_000, Math.floor((options.cellsMax ?? 8_000_000) / names.length));
  return {
    names,
    labelAt,
    rows: [],
    labels: new Map(),
    rowsSeen: 0,
    withoutLabel: { rows: 0, firstLine: 0 },
    ragged: { rows: 0, firstLine: 0 },
    encoding,
    delimiter,
    rowsMax,
  };
}

function countLabel({ labels }: Collected, label: string, line: number, name: string): void {
  const seen = labels.get(label);
  if (seen) {
    seen.rows++;
    return;
  }
  labels.set(label, { line, rows: 1 });
  if (labels.size <= 2) return;
  const told = [...labels].map(([word, where]) => `${word} (line ${where.line})`).join(', ');
  throw new TableFault(`The label ${name} must have two values, but there are ${told}.`);
}

/** Each row of the file is as likely to be among those kept as any other (a reservoir). */
function keep(collected: Collected, line: number, cells: string[], random: () => number): void {
  const index = collected.rowsSeen;
  collected.rowsSeen++;
  const at = index < collected.rowsMax ? index : Math.floor(random() * collected.rowsSeen);
  if (at < collected.rowsMax) collected.rows[at] = { index, line, bytes: Buffer.from(JSON.stringify(cells)) };
}
