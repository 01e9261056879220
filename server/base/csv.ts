export interface CsvRecord {
  /** Counted from 1: where it begins. */
  line: number;
  cells: string[];
}

/** The records of a CSV text (RFC 4180), each with the line it begins on; empty lines are left out. Null when a quote is left open. */
export function readCsv(text: string): CsvRecord[] | null {
  const records: CsvRecord[] = [];
  const reader = csvReader((record) => records.push(record));
  reader.push(text);
  reader.end();
  return reader.faultOn === null ? records : null;
}

export interface CsvReader {
  push(text: string): void;
  end(): void;
  /** The line where a quote is left open, is too long or is followed by more than the end of its cell; nothing is read after it. */
  readonly faultOn: number | null;
}

/** The same, piece by piece, for a text that is too long to be held; no cell may be longer than `cellMax`. */
export function csvReader(take: (record: CsvRecord) => void, delimiter = ',', cellMax = 1_000_000): CsvReader {
  const [comma, quote, feed, carriage] = [delimiter.charCodeAt(0), 34, 10, 13];
  let line = 1;
  let startedOn = 1;
  let cells: string[] = [];
  let cell = '';
  /** In a plain cell, in a quoted one, or behind the quote that may have ended it. */
  let where: 'plain' | 'quoted' | 'behind' = 'plain';
  let isFeedLeft = false;
  let startsQuote = 1;
  let faultOn: number | null = null;

  const endCell = (rest: string) => {
    cells.push((cell + rest).trim());
    cell = '';
    where = 'plain';
  };
  const endRecord = () => {
    if (cells.some((each) => each !== '')) take({ line: startedOn, cells });
    cells = [];
  };
  const push = (text: string) => {
    if (faultOn !== null) return;
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const char = text.charCodeAt(at);
      if (isFeedLeft) {
        isFeedLeft = false;
        if (char === feed) {
          if (where === 'plain') from = at + 1;
          continue;
        }
      }
      if (where === 'quoted') {
        if (char === quote) {
          cell += text.slice(from, at);
          from = at + 1;
          where = 'behind';
        } else if (char === feed || char === carriage) {
          line++;
          isFeedLeft = char === carriage;
        }
        continue;
      }
      if (char === quote && where === 'behind') {
        // Two quotes within quotes stand for one.
        from = at;
        where = 'quoted';
      } else if (char === quote && cell === '' && from === at) {
        from = at + 1;
        where = 'quoted';
        startsQuote = line;
      } else if (char === comma || char === feed || char === carriage) {
        endCell(where === 'behind' ? '' : text.slice(from, at));
        from = at + 1;
        if (char === comma) continue;
        endRecord();
        line++;
        startedOn = line;
        isFeedLeft = char === carriage;
      } else if (where === 'behind') {
        faultOn = startedOn;
        return;
      }
    }
    if (where !== 'behind') cell += text.slice(from);
    if (cell.length > cellMax) faultOn = startsQuote;
  };
  return {
    push,
    end() {
      if (faultOn === null && where === 'quoted') faultOn = startsQuote;
      if (faultOn !== null || (cell === '' && cells.length === 0 && where === 'plain')) return;
      endCell('');
      endRecord();
    },
    get faultOn() {
      return faultOn;
    },
  };
}

/** UTF-8, or what Excel writes on a Chinese Windows; null when it is neither. */
export function decodeText(bytes: Uint8Array): string | null {
  for (const encoding of textEncodings) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return null;
}

export const textEncodings = ['utf-8', 'gb18030'] as const;
