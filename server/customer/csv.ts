/** The records of a CSV text (RFC 4180), each with the line it begins on; empty lines are left out. Null when a quote is left open. */
export function readCsv(text: string): { line: number; cells: string[] }[] | null {
  const records: { line: number; cells: string[] }[] = [];
  // A cell: quoted, with "" for a quote, or plain up to the next comma or line end; then what ends it.
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n][^,\r\n]*)?)(,|\r\n|\r|\n|$)/y;
  let line = 1;
  let cells: string[] = [];
  let startedOn = 1;
  while (cell.lastIndex < text.length || cells.length > 0) {
    const found = cell.exec(text);
    if (!found) return null;
    const [whole, quoted, plain, end] = found;
    cells.push((quoted?.replaceAll('""', '"') ?? plain ?? '').trim());
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === ',') continue;
    if (cells.some((each) => each !== '')) records.push({ line: startedOn, cells });
    cells = [];
    startedOn = line;
  }
  return records;
}

/** UTF-8, or what Excel writes on a Chinese Windows; null when it is neither. */
export function decodeText(bytes: Uint8Array): string | null {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return null;
}
