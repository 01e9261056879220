import { open } from 'node:fs/promises';
import { textEncodings } from '#server/base/csv.ts';
import { makeCollector, type Collected, type ReadOptions } from './collect-rows.ts';
import { buildTable, type ReadTable } from './build-table.ts';
import { lineDecoder } from './decode-lines.ts';
import { TableFault } from './table-fault.ts';

const chunkSize = 1 << 18;

/** A CSV file of any size, in UTF-8 or GB18030, as a table to learn from. Throws a TableFault when it cannot be one. */
export async function readTable(file: string, options: ReadOptions): Promise<ReadTable> {
  await refuseOtherFiles(file);
  return buildTable(await collect(file, options), options);
}

const kindsOfFile: { starts: number[]; is: string }[] = [
  { starts: [0x50, 0x4b, 3, 4], is: 'an Excel workbook or a zip file' },
  { starts: [0xd0, 0xcf, 0x11, 0xe0], is: 'an old Excel workbook' },
  { starts: [0xff, 0xfe], is: 'UTF-16 text' },
  { starts: [0xfe, 0xff], is: 'UTF-16 text' },
  { starts: [0x1f, 0x8b], is: 'a gzip file' },
];

async function refuseOtherFiles(file: string): Promise<void> {
  const start = new Uint8Array(4);
  const handle = await open(file).catch((error: unknown) => {
    throw new TableFault(`The file ${file} cannot be opened.`, { cause: error });
  });
  try {
    if (!(await handle.stat()).isFile()) throw new TableFault(`${file} is not a file.`);
    await handle.read(start, 0, 4, 0);
  } finally {
    await handle.close();
  }
  const kind = kindsOfFile.find(({ starts }) => starts.every((byte, i) => start[i] === byte));
  if (kind) throw new TableFault(`The file is ${kind.is}: save it as CSV in UTF-8 first.`);
}

/** As UTF-8, and from the start again as GB18030 when that it is not. */
async function collect(file: string, options: ReadOptions): Promise<Collected> {
  const wrong: { encoding: string; line: number }[] = [];
  for (const encoding of textEncodings) {
    const found = await collectAs(file, encoding, options);
    if (!('wrongOn' in found)) return found;
    wrong.push({ encoding, line: found.wrongOn });
  }
  const [utf8, gb] = wrong;
  throw new TableFault(
    `The file is neither UTF-8 (line ${utf8?.line} has other bytes) nor GB18030 (line ${gb?.line} has other bytes): save it as CSV in UTF-8.`,
  );
}

async function collectAs(
  file: string,
  encoding: string,
  options: ReadOptions,
): Promise<Collected | { wrongOn: number }> {
  const collector = makeCollector(encoding, options);
  const decode = lineDecoder(encoding);
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(chunkSize);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, chunkSize, null);
      const text = decode(buffer.subarray(0, bytesRead), bytesRead === 0);
      if (typeof text !== 'string') return text;
      collector.push(text);
      if (bytesRead === 0) return collector.end();
    }
  } finally {
    await handle.close();
  }
}
