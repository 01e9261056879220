/** A number of each row; NaN where it is not known. */
export interface NumberColumn {
  kind: 'number';
  name: string;
  values: Float64Array;
}

/** A word of each row, as its place in `words`; -1 where it is not known. */
export interface CategoryColumn {
  kind: 'category';
  name: string;
  codes: Int32Array;
  words: string[];
}

export type Column = NumberColumn | CategoryColumn;

/** What is learned from: columns of the same length, and for each row whether it happened (1) or not (0). */
export interface Table {
  columns: Column[];
  label: Uint8Array;
  /** The larger the later; null when nobody knows in which order the rows came to be. */
  order: Float64Array | null;
}

/** One row as the world gives it: what is missing, null or NaN is not known. */
export type RawRow = Readonly<Record<string, number | string | null | undefined>>;

export function numberColumn(name: string, values: Iterable<number | null | undefined>): NumberColumn {
  return { kind: 'number', name, values: Float64Array.from(values, (value) => value ?? Number.NaN) };
}

export function categoryColumn(name: string, values: Iterable<string | null | undefined>): CategoryColumn {
  const places = new Map<string, number>();
  const codes = Int32Array.from(values, (word) => {
    if (word === null || word === undefined) return -1;
    const place = places.get(word) ?? places.size;
    places.set(word, place);
    return place;
  });
  return { kind: 'category', name, codes, words: [...places.keys()] };
}

export function makeTable(columns: Column[], label: Iterable<number | boolean>, order?: Iterable<number>): Table {
  const table: Table = {
    columns,
    label: Uint8Array.from(label, Number),
    order: order ? Float64Array.from(order) : null,
  };
  for (const column of columns)
    if (lengthOf(column) !== table.label.length)
      throw new RangeError(
        `Column ${column.name} has ${lengthOf(column)} rows where the label has ${table.label.length}.`,
      );
  if (table.order && table.order.length !== table.label.length)
    throw new RangeError(`The order has ${table.order.length} rows where the label has ${table.label.length}.`);
  return table;
}

export const lengthOf = (column: Column) => (column.kind === 'number' ? column.values : column.codes).length;

export const allRows = (table: Table) => Int32Array.from(table.label, (_, row) => row);

/** From the oldest to the newest; rows of the same time keep the order they came in. */
export function rowsByOrder(table: Table): Int32Array {
  const { order } = table;
  const rows = allRows(table);
  return order ? rows.sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0) || a - b) : rows;
}

export function takeRows(table: Table, rows: Int32Array): Table {
  const { order } = table;
  return {
    columns: table.columns.map((column) =>
      column.kind === 'number'
        ? { ...column, values: Float64Array.from(rows, (row) => column.values[row] ?? Number.NaN) }
        : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row] ?? -1) },
    ),
    label: labelOf(table, rows),
    order: order && Float64Array.from(rows, (row) => order[row] ?? 0),
  };
}

export const labelOf = (table: Table, rows: Int32Array) => Uint8Array.from(rows, (row) => table.label[row] ?? 0);

export function rawRow(table: Table, row: number): RawRow {
  return Object.fromEntries(
    table.columns.map((column) => [
      column.name,
      column.kind === 'number' ? column.values[row] : column.words[column.codes[row] ?? -1],
    ]),
  );
}
