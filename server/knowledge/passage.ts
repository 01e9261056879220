/** What a file comes to once it is read, in its order. A row of a table carries the names of its columns. */
export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'row'; text: string };

export interface Passage {
  /** Outermost first. */
  headings: string[];
  text: string;
}

const PASSAGE_CHARS = 400;
const PASSAGE_CHARS_MAX = 500;
/** Said again where a paragraph had to be cut. */
const OVERLAP_CHARS = 60;
const HEADING_CHARS_MAX = 120;

/** Pieces of 300 to 500 letters that stay under their headings; only a paragraph longer than that is cut. */
export function passagesOf(blocks: readonly Block[]): Passage[] {
  const passages: Passage[] = [];
  let headings: { level: number; text: string }[] = [];
  let lines: string[] = [];

  const close = () => {
    const text = lines.join('\n').trim();
    lines = [];
    if (text !== '') passages.push({ headings: headings.map((heading) => heading.text), text });
  };

  for (const block of blocks) {
    const text = tidy(block.text);
    if (text === '') continue;
    if (block.kind === 'heading') {
      close();
      headings = [
        ...headings.filter(({ level }) => level < block.level),
        { level: block.level, text: shortened(text) },
      ];
      continue;
    }
    for (const piece of text.length > PASSAGE_CHARS_MAX ? cut(text) : [text]) {
      const held = lengthOf(lines);
      if (held > 0 && held + 1 + piece.length > PASSAGE_CHARS) close();
      lines.push(piece);
    }
  }
  close();
  return withLoneHeadings(blocks, passages);
}

/** A page of headings alone still says something. */
function withLoneHeadings(blocks: readonly Block[], passages: Passage[]): Passage[] {
  if (passages.length > 0) return passages;
  const text = blocks.map((block) => tidy(block.text)).join('\n');
  return text.trim() === '' ? [] : passagesOf([{ kind: 'paragraph', text }]);
}

const lengthOf = (lines: readonly string[]) => lines.reduce((sum, line) => sum + line.length + 1, 0);
const shortened = (text: string) => text.replaceAll('\n', ' ').slice(0, HEADING_CHARS_MAX);

/** Neither NUL nor half a character: PostgreSQL keeps them not. */
function tidy(text: string): string {
  return text
    .replaceAll('\0', '')
    .toWellFormed()
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{2,}/g, '\n')
    .trim();
}

/** After a sentence where there is one, else after a comma, else anywhere; each piece begins with the end of the last. */
function cut(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    const rest = text.slice(from);
    if (rest.length <= PASSAGE_CHARS_MAX) {
      pieces.push(rest.trim());
      break;
    }
    const end = endIn(rest.slice(0, PASSAGE_CHARS_MAX));
    pieces.push(rest.slice(0, end).trim());
    from += startOfOverlap(rest, end);
  }
  return pieces;
}

function endIn(window: string): number {
  for (const stop of [/[。！？!?；;\n]|\.(?=\s)/g, /[，,、：: ]/g]) {
    const last = [...window.matchAll(stop)].at(-1);
    if (last && last.index >= PASSAGE_CHARS_MAX / 2) return last.index + 1;
  }
  return wholeCharacter(window, window.length);
}

/** Where the next piece starts: a sentence before the cut when it is short enough, else a few letters. */
function startOfOverlap(text: string, end: number): number {
  const tail = text.slice(end - OVERLAP_CHARS, end - 1);
  const stop = [...tail.matchAll(/[。！？!?；;\n，,]/g)][0];
  return stop ? end - OVERLAP_CHARS + stop.index + 1 : wholeCharacter(text, end - OVERLAP_CHARS);
}

const wholeCharacter = (text: string, at: number) => (/[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at);

/** `names` are the cells above; a row without them is its cells. */
function rowText(cells: readonly string[], names: readonly string[] | null): string {
  const clean = cells.map((cell) => cell.replaceAll(/\s+/g, ' ').trim());
  if (!names) return clean.filter(Boolean).join('；');
  return clean
    .map((cell, at) => (cell === '' ? '' : names[at]?.trim() ? `${names[at].trim()}：${cell}` : cell))
    .filter(Boolean)
    .join('；');
}

/** The first row names the columns when it has a name for each. */
export function rowsOf(table: readonly (readonly string[])[]): Block[] {
  const [first, ...rest] = table;
  if (!first) return [];
  const isNamed = rest.length > 0 && first.length > 1 && first.every((cell) => cell.trim() !== '');
  const names = isNamed ? first.map((cell) => cell.replaceAll(/\s+/g, ' ')) : null;
  return (isNamed ? rest : table).map((row) => ({ kind: 'row', text: rowText(row, names) }));
}
