import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvReader, decodeText, readCsv, type CsvRecord } from '#server/base/csv.ts';

const cellsOf = (text: string) => readCsv(text)?.map(({ cells }) => cells);

test('cells may be quoted and hold commas, quotes and line ends; empty lines do not count', () => {
  const text = '名称,备注\r\n"云帆, 科技","他说""好"""\n\n,\n"两\n行",x\r\n末行,';
  expect(readCsv(text)).toEqual([
    { line: 1, cells: ['名称', '备注'] },
    { line: 2, cells: ['云帆, 科技', '他说"好"'] },
    { line: 5, cells: ['两\n行', 'x'] },
    { line: 7, cells: ['末行', ''] },
  ]);
  expect(cellsOf('')).toEqual([]);
  expect(cellsOf('5" 屏,x')).toEqual([['5" 屏', 'x']]);
});

test('a quote that is never closed is told', () => {
  expect(readCsv('名称\n"云帆')).toBeNull();
  expect(readCsv('"云帆"科技')).toBeNull();
  expect(readCsv(`"${'x'.repeat(3_000_000)}`)).toBeNull();
});

test('what was written as a table is read as the same table', () => {
  const cell = fc.string({ unit: fc.constantFrom(...'云帆a1,"\n\r ;\t'), maxLength: 8 }).map((text) => text.trim());
  const table = fc.array(fc.tuple(cell, cell, cell), { maxLength: 6 });
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n'), (rows, end) => {
      const text = rows.map((cells) => cells.map(quote).join(',')).join(end);
      expect(cellsOf(text)).toEqual(rows.filter((cells) => cells.some((each) => each !== '')));
    }),
  );
});

test('a table that comes in pieces is the same table, wherever it was cut', () => {
  const text = fc.string({ unit: fc.constantFrom(...'云a1;"\n\r '), maxLength: 40 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(40), { maxLength: 5 }), (whole, cuts) => {
      const read = (pieces: string[]) => {
        const records: CsvRecord[] = [];
        const reader = csvReader((record) => records.push(record), ';');
        for (const piece of pieces) reader.push(piece);
        reader.end();
        return { records, faultOn: reader.faultOn };
      };
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
      expect(read(at.map((from, i) => whole.slice(from, at[i + 1])))).toEqual(read([whole]));
    }),
  );
});

test('UTF-8 is read with and without its mark, and what Excel writes on a Chinese Windows', () => {
  expect(decodeText(Buffer.from('\uFEFF名称'))).toBe('名称');
  expect(decodeText(Buffer.from('c3fbb3c6', 'hex'))).toBe('名称');
  expect(decodeText(Buffer.from('ffff', 'hex'))).toBeNull();
});
