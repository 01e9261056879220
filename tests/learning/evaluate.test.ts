import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { evaluate } from '#server/learning/evaluate.ts';
import { readTable } from '#server/learning/read-table.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { generatedHistory } from './history.ts';

const folder = freshFolder();
let files = 0;
function fileOf(content: string | Uint8Array): string {
  files++;
  const file = path.join(folder, `${files}.csv`);
  writeFileSync(file, content);
  return file;
}
async function said(csv: string, ...rest: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  return { code: await evaluate(['--csv', csv, ...rest], (line) => lines.push(line)), lines };
}
const refusal = async (content: string | Uint8Array, ...rest: string[]) => {
  const { code, lines } = await said(fileOf(content), '--label', '成交', ...rest);
  return { code, sentence: lines.join('\n') };
};
const rowsOf = (count: number, line: (row: number) => string) =>
  Array.from({ length: count }, (_, row) => `${line(row)}\n`).join('');
const small = `来源,天数,成交\n${rowsOf(60, (row) => `${['广告', '展会', '官网'][row % 3]},${(row * 37) % 11},${row % 2 ? '是' : '否'}`)}`;

test('a table is evaluated with figures for this project and for the plain way, and the columns that count are named', async () => {
  const { code, lines } = await said(historyFile(), '--label', 'won', '--time', 'order', '--drop', 'zodiac');
  const text = lines.join('\n');
  expect(code).toBe(0);
  for (const part of [
    'AUC',
    'log loss',
    'ECE',
    'P@10 %',
    'lift top 10 %',
    'train s',
    'µs/row',
    'this project',
    'plain logistic',
  ])
    expect(text).toContain(part);
  expect(text).toContain('400 rows, 6 features');
  expect(text).toContain('Left out: zodiac (asked)');
  expect(text).toContain('recalibrated as outcomes come in');
  expect(text).toMatch(/What moves the score[^\n]*\n[^\n]*replies/);
});

test('semicolons, tabs, marks and GB18030 are found out', async () => {
  const asked = { label: '成交' };
  const plain = await readTable(fileOf(small), asked);
  expect(plain.happened).toBe('是');
  expect(plain.table.columns.map(({ name, kind }) => [name, kind])).toEqual([
    ['来源', 'category'],
    ['天数', 'number'],
  ]);
  const semicolons = await readTable(fileOf(`\uFEFF${small.replaceAll(',', ';')}`), asked);
  expect(semicolons).toMatchObject({ table: plain.table, delimiter: ';', encoding: 'utf-8' });
  const tabs = await readTable(fileOf(small.replaceAll(',', '\t').replaceAll('\n', '\r\n')), asked);
  expect(tabs).toMatchObject({ table: plain.table, delimiter: '\t' });
  // Below the first 256 kB the file is plain: only then comes what is not UTF-8.
  const gb = Buffer.concat([
    Buffer.from('a,b,c\n'),
    Buffer.from(rowsOf(40_000, () => '1,2,yes')),
    Buffer.from('b9e3b8e6', 'hex'),
    Buffer.from(',5,no\n'),
  ]);
  const read = await readTable(fileOf(gb), { label: 'c' }).catch((error: unknown) => error);
  expect(String(read)).toContain('The label c is no in 1 rows only');
});

test('what is missing is missing, in every spelling, and blanks among numbers too; unknown is a word', async () => {
  const cells = ['', ' ', 'NA', 'n/a', 'null', '7', '1e3', 'unknown'];
  const content = `n,w,成交\n${rowsOf(240, (row) => `${cells[row % 7]},${cells[row % 8]},${row % 2 ? '是' : '否'}`)}`;
  const { table, notes } = await readTable(fileOf(content), { label: '成交' });
  const [n, w] = table.columns;
  expect(n?.kind === 'number' && [...n.values.subarray(0, 7)]).toEqual([NaN, NaN, NaN, NaN, NaN, 7, 1000]);
  expect(w?.kind === 'category' && w.words.filter((_, code) => w.codes.includes(code)).sort()).toEqual([
    '1e3',
    '7',
    'unknown',
  ]);
  expect(notes).toEqual([]);
});

test('a few words among numbers, rows without an outcome and rows of another length are left out and said', async () => {
  const content = `n,w,成交\n${rowsOf(300, (row) => (row === 7 ? '1,2' : `${row === 20 ? '约三' : row},${row % 3},${row === 30 ? '' : row % 2 ? '是' : '否'}`))}`;
  const { table, notes } = await readTable(fileOf(content), { label: '成交' });
  expect(table.label.length).toBe(298);
  expect(notes).toEqual([
    '1 rows without 成交 are left out; the first is line 32.',
    '1 rows that have not 3 cells as line 1 has are left out; the first is line 9.',
    'n holds numbers; 1 cells that are none (约三) count as not known.',
  ]);
});

test('an outcome too rare to be among the rows drawn is said plainly', async () => {
  const content = `n,m,成交\n${rowsOf(5000, (row) => `${row},${row % 7},${row % 500 === 0 ? 1 : 0}`)}`;
  await expect(readTable(fileOf(content), { label: '成交', rowsMax: 200 })).rejects.toThrow(
    /^Of the 200 rows drawn at random \d+ have 成交 = 1: 10 rows of each outcome are needed at least\.$/,
  );
});

test('of a file with too many rows, as many are drawn as fit, the same each time, from all over it', async () => {
  const content = `n,m,成交\n${rowsOf(5000, (row) => `${row},${row % 7},${row % 2}`)}`;
  const asked = { label: '成交', rowsMax: 500, time: 'order' };
  const { table, notes } = await readTable(fileOf(content), asked);
  expect(table.label.length).toBe(500);
  expect(notes).toEqual([
    'The file has 5000 rows; 500 of them, drawn at random, are used, so that they fit into memory.',
  ]);
  const order = [...(table.order ?? [])];
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  const mean = order.reduce((sum, each) => sum + each, 0) / order.length;
  expect(Math.abs(mean - 2500)).toBeLessThan(250);
  expect((await readTable(fileOf(content), asked)).table).toEqual(table);
});

test.each([
  ['an empty file', '', 'The file is empty'],
  ['a heading alone', 'a,成交\n', 'no rows'],
  ['no such label', 'a,b\n1,2\n', 'There is no label column 成交: the columns are a, b.'],
  ['one class', `a,成交\n${rowsOf(40, (row) => `${row},是`)}`, '成交 is 是 in all 40 rows'],
  [
    'three classes',
    `a,成交\n1,是\n2,否\n3,待定\n`,
    'two values, but there are 是 (line 2), 否 (line 3), 待定 (line 4)',
  ],
  ['constants', `a,成交\n${rowsOf(40, (row) => `1,${row % 2}`)}`, 'every column has the same value'],
  ['too few of one', `a,成交\n${rowsOf(40, (row) => `${row},${row < 3 ? 1 : 0}`)}`, '成交 is 1 in 3 rows only'],
  ['no outcome at all', `a,成交\n${rowsOf(4, (row) => `${row},`)}`, 'missing in all 4 rows (the first is line 2)'],
  ['an open quote', 'a,成交\n1,"是\n2,否\n', 'Line 2: a quote is not closed'],
  ['two columns of one name', 'a,a,成交\n1,2,是\n', 'names two columns a'],
  [
    'other bytes',
    Buffer.concat([Buffer.from('a,成交\n1,是\n2,'), Buffer.from('ffff0a', 'hex')]),
    'line 3 has other bytes',
  ],
  ['a workbook', Buffer.from('504b030414', 'hex'), 'an Excel workbook'],
  ['UTF-16', Buffer.from('\uFEFFa,成交\n', 'utf16le'), 'UTF-16'],
])('%s ends with a sentence that says so', async (_, content, sentence) => {
  const refused = await refusal(content);
  expect(refused.code).toBe(1);
  expect(refused.sentence).toContain(sentence);
});

test('wrong words on the command line end with a sentence and how it is used', async () => {
  expect((await said('nowhere.csv', '--label', 'y')).lines.join()).toContain('cannot be opened');
  expect((await refusal(small, '--time', '日期')).sentence).toContain('There is no time column 日期');
  expect((await refusal(small, '--time', '来源')).sentence).toContain('Line 2: 来源 is "广告"');
  expect((await refusal(small, '--drop', '别的')).sentence).toContain('There is no column 别的 to drop');
  expect((await refusal(small, '--seed', 'x')).sentence).toContain('--seed must be a whole number');
  expect((await refusal(small, '--what')).code).toBe(1);
  const lines: string[] = [];
  expect(await evaluate([], (line) => lines.push(line))).toBe(1);
  expect(lines.join()).toContain('Usage: npm run score:evaluate');
});

function historyFile(): string {
  const { columns, label } = generatedHistory(400, 23);
  const lines = Array.from(label, (was, row) =>
    [
      ...columns.map((column) =>
        column.kind === 'number' ? numberText(column.values[row]) : (column.words[column.codes[row] ?? -1] ?? ''),
      ),
      was,
    ].join(','),
  );
  return fileOf([[...columns.map(({ name }) => name), 'won'].join(','), ...lines].join('\n'));
}

const numberText = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? '' : String(value));
