import { createRequire } from 'node:module';
import path from 'node:path';
import type { TextItem } from 'pdfjs-dist/types/src/display/api.js';
import { numberedLevel } from './plain-text.ts';
import type { Block } from './passage.ts';
import { ReadFailure } from './read-failure.ts';

const PAGES_MAX = 2000;
/** Below this a page of pictures has been given a stamp, and nothing more. */
const CHARS_MIN = 20;
/** Of the letters' height: a gap this wide separates cells. */
const CELL_GAP = 1.5;
const HEADING_SIZE = 1.15;
const HEADING_CHARS_MAX = 60;

interface Line {
  page: number;
  cells: string[];
  size: number;
  y: number;
}

/** The tables that older Chinese files need to say which letters they hold. */
const folder = path.dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

export async function pdfBlocks(bytes: Buffer): Promise<Block[]> {
  const { getDocument } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  const task = getDocument({
    data: new Uint8Array(bytes),
    cMapUrl: `${path.join(folder, 'cmaps')}/`,
    cMapPacked: true,
    standardFontDataUrl: `${path.join(folder, 'standard_fonts')}/`,
    disableFontFace: true,
    verbosity: 0,
  });
  try {
    const document = await task.promise;
    if (document.numPages > PAGES_MAX) throw new ReadFailure('knowledge.too_long');
    const lines: Line[] = [];
    for (let page = 1; page <= document.numPages; page += 1) {
      const { items } = await (await document.getPage(page)).getTextContent();
      lines.push(
        ...linesOf(
          page,
          items.filter((item): item is TextItem => 'str' in item),
        ),
      );
    }
    return blocksOf(withoutRunning(lines, document.numPages));
  } catch (error) {
    throw failureOf(error);
  } finally {
    await task.destroy();
  }
}

function failureOf(error: unknown): unknown {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException') return new ReadFailure('knowledge.encrypted');
  if (name === 'InvalidPDFException' || name === 'FormatError' || name === 'UnknownErrorException')
    return new ReadFailure('knowledge.damaged');
  return error;
}

/** What stands at one height is one line; a wide gap in it separates two cells. */
export function linesOf(page: number, items: readonly TextItem[]): Line[] {
  const lines: (Line & { end: number })[] = [];
  for (const item of items) {
    if (item.str.trim() === '') continue;
    const [, , , , x = 0, y = 0] = item.transform as number[];
    const size = item.height || Math.abs(Number(item.transform[3])) || 10;
    const last = lines.at(-1);
    const isSame = last !== undefined && Math.abs(last.y - y) < size * 0.4 && x >= last.end - size;
    if (!isSame) {
      lines.push({ page, cells: [item.str], size, y, end: x + item.width });
      continue;
    }
    const gap = x - last.end;
    if (gap > size * CELL_GAP) last.cells.push(item.str);
    else last.cells.push(joined(last.cells.pop() ?? '', item.str, gap > size * 0.2));
    last.end = x + item.width;
    last.size = Math.max(last.size, size);
  }
  return lines.map(({ cells, size, y }) => ({ page, cells: cells.map((cell) => cell.trim()), size, y }));
}

const isSpaced = /[\p{Script=Latin}\p{N}]/u;

/** Between Chinese letters there is no space, however a line was set. */
function joined(before: string, after: string, isGap: boolean): string {
  const needsSpace = isGap && isSpaced.test(before.at(-1) ?? '') && isSpaced.test(after[0] ?? '');
  return `${before}${needsSpace ? ' ' : ''}${after}`;
}

/** Without what stands on most pages, but for its number: heads and feet. */
function withoutRunning(lines: readonly Line[], pages: number): Line[] {
  if (pages < 3) return [...lines];
  const keyOf = ({ cells, y }: Line) => `${Math.round(y)} ${cells.join(' ').replaceAll(/\d+/g, '#')}`;
  const seen = new Map<string, Set<number>>();
  for (const line of lines) seen.set(keyOf(line), (seen.get(keyOf(line)) ?? new Set()).add(line.page));
  return lines.filter((line) => (seen.get(keyOf(line))?.size ?? 0) < Math.max(3, pages * 0.5));
}

function blocksOf(lines: readonly Line[]): Block[] {
  if (lines.reduce((sum, { cells }) => sum + cells.join('').length, 0) < CHARS_MIN)
    throw new ReadFailure('knowledge.no_text');
  const body = bodySize(lines);
  const sizes = [...new Set(lines.map(({ size }) => Math.round(size)))].filter((size) => size > body * HEADING_SIZE);
  sizes.sort((a, b) => b - a);
  const blocks: Block[] = [];
  let open: { text: string; line: Line } | null = null;

  const close = () => {
    if (open) blocks.push({ kind: 'paragraph', text: open.text });
    open = null;
  };
  for (const line of lines) {
    const text = line.cells.join('  ');
    const level = headingLevel(line, text, body, sizes);
    if (level !== null) {
      close();
      blocks.push({ kind: 'heading', level, text });
    } else if (line.cells.length > 1) {
      close();
      blocks.push({ kind: 'row', text: line.cells.join('；') });
    } else if (open && isContinued(open, line, body)) {
      open = { text: joined(open.text, text, true), line };
    } else {
      close();
      open = { text, line };
    }
  }
  close();
  return blocks;
}

function headingLevel(line: Line, text: string, body: number, sizes: readonly number[]): number | null {
  if (text.length > HEADING_CHARS_MAX) return null;
  if (line.size > body * HEADING_SIZE) return Math.min(sizes.indexOf(Math.round(line.size)) + 1, 3) || 1;
  return line.cells.length === 1 ? numberedLevel(text) : null;
}

/** The next line of a paragraph follows closely, or at the top of the next page, unless a sentence ended. */
function isContinued(open: { text: string; line: Line }, line: Line, body: number): boolean {
  if (/[。！？!?：:]$/.test(open.text)) return false;
  if (/^(?:[•●▪◆·-]|\d{1,2}[.、)）])/.test(line.cells[0] ?? '')) return false;
  return open.line.page !== line.page || open.line.y - line.y < body * 2.2;
}

/** Of most letters. */
function bodySize(lines: readonly Line[]): number {
  const letters = new Map<number, number>();
  for (const { size, cells } of lines) {
    const key = Math.round(size * 2) / 2;
    letters.set(key, (letters.get(key) ?? 0) + cells.join('').length);
  }
  return [...letters].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 10;
}
