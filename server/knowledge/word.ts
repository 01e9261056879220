import mammoth from 'mammoth';
import { rowsOf, type Block } from './passage.ts';
import { ReadFailure } from './read-failure.ts';
import { checkZip } from './zip.ts';

const UNPACKED_BYTES_MAX = 100 * 1024 * 1024;
/** Of XML: it takes a multiple of it to be read. */
const XML_BYTES_MAX = 30 * 1024 * 1024;

/** Word calls its headings in English whatever language it speaks; others call them in Chinese. */
const styleMap = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='标题'] => h1:fresh",
  ...[1, 2, 3, 4, 5, 6].flatMap((level) => [
    `p[style-name='heading ${level}'] => h${level}:fresh`,
    `p[style-name='标题 ${level}'] => h${level}:fresh`,
    `p[style-name='标题${level}'] => h${level}:fresh`,
  ]),
];

export async function wordBlocks(bytes: Buffer): Promise<Block[]> {
  checkWord(bytes);
  const { value } = await mammoth
    .convertToHtml(
      { buffer: bytes },
      { styleMap, convertImage: mammoth.images.imgElement(async () => ({ src: '' })), externalFileAccess: false },
    )
    .catch(() => {
      throw new ReadFailure('knowledge.damaged');
    });
  return htmlBlocks(value);
}

/** Throws for what would take too much to read, and for what is no Word document. */
function checkWord(bytes: Buffer): void {
  let xmlBytes = 0;
  const names = checkZip(bytes, {
    bytesMax: UNPACKED_BYTES_MAX,
    look(name, unpacked) {
      if (!/\.(?:xml|rels)$/i.test(name)) return;
      xmlBytes += unpacked.length;
      if (xmlBytes > XML_BYTES_MAX) throw new ReadFailure('knowledge.too_large_inside');
      // Word writes none, and what it could define grows without end.
      if (unpacked.includes('<!DOCTYPE') || unpacked.includes('<!ENTITY')) throw new ReadFailure('knowledge.damaged');
    },
  });
  if (!names.includes('word/document.xml')) throw new ReadFailure('knowledge.wrong_extension');
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };
const unescaped = (text: string) =>
  text
    .replaceAll(/&#(\d{1,7});/g, (_, code: string) => String.fromCodePoint(Math.min(Number(code), 0x10_ff_ff)))
    .replaceAll(/&(amp|lt|gt|quot|nbsp);/g, (_, name: string) => entities[name] ?? '');

/** Of the few tags the library writes. A table within a cell is text of the cell. */
function htmlBlocks(html: string): Block[] {
  const blocks: Block[] = [];
  let text = '';
  let depth = 0;
  let table: string[][] = [];

  const flush = (level: number | null) => {
    if (depth > 0) {
      text += '\n';
      return;
    }
    const said = text.trim();
    text = '';
    if (said === '') return;
    blocks.push(level === null ? { kind: 'paragraph', text: said } : { kind: 'heading', level, text: said });
  };

  for (const [, slash, tag, said] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>|([^<]+)/g)) {
    if (said !== undefined) text += unescaped(said);
    else if (tag === 'br') text += '\n';
    else if (tag === 'table') {
      if (slash) depth -= 1;
      else {
        flush(null);
        depth += 1;
      }
      if (depth === 0) {
        blocks.push(...rowsOf(table));
        table = [];
        text = '';
      }
    } else if (depth === 1 && tag === 'tr' && !slash) table.push([]);
    else if (depth === 1 && (tag === 'td' || tag === 'th')) {
      if (slash) table.at(-1)?.push(text.trim());
      text = '';
    } else if (slash && tag && /^h[1-6]$/.test(tag)) flush(Number(tag.slice(1)));
    else if (tag === 'p' || tag === 'li') flush(null);
  }
  flush(null);
  return blocks;
}
