import type { DocumentKind } from './knowledge.ts';
import { markdownBlocks } from './markdown.ts';
import type { Block } from './passage.ts';
import { pdfBlocks } from './pdf.ts';
import { decodeText, textBlocks } from './plain-text.ts';
import { ReadFailure } from './read-failure.ts';
import { wordBlocks } from './word.ts';

const CHARS_MAX = 2_000_000;

/** What the file says, as it says it is. Throws ReadFailure. */
export async function readBlocks(kind: DocumentKind, bytes: Buffer): Promise<Block[]> {
  checkStart(kind, bytes);
  const blocks = await blocksOf(kind, bytes);
  const chars = blocks.reduce((sum, { text }) => sum + text.length, 0);
  if (chars > CHARS_MAX) throw new ReadFailure('knowledge.too_long');
  if (!blocks.some(({ text }) => /[\p{L}\p{N}]/u.test(text))) throw new ReadFailure('knowledge.no_text');
  return blocks;
}

function blocksOf(kind: DocumentKind, bytes: Buffer): Block[] | Promise<Block[]> {
  switch (kind) {
    case 'markdown':
      return markdownBlocks(decodeText(bytes));
    case 'text':
      return textBlocks(decodeText(bytes));
    case 'word':
      return wordBlocks(bytes);
    case 'pdf':
      return pdfBlocks(bytes);
  }
}

const isPdf = (bytes: Buffer) => bytes.subarray(0, 1024).includes('%PDF-');
const isZip = (bytes: Buffer) => bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004', 'latin1'));
/** The container of old Office files, and of new ones behind a password. */
const isCompound = (bytes: Buffer) => bytes.subarray(0, 4).equals(Buffer.from([0xd0, 0xcf, 0x11, 0xe0]));

function checkStart(kind: DocumentKind, bytes: Buffer): void {
  if (bytes.length === 0) throw new ReadFailure('knowledge.empty');
  if (kind === 'word' && isCompound(bytes) && bytes.includes(Buffer.from('EncryptedPackage', 'utf16le')))
    throw new ReadFailure('knowledge.encrypted');
  const isRight = { word: isZip(bytes), pdf: isPdf(bytes) };
  const isOther = isPdf(bytes) || isZip(bytes) || isCompound(bytes);
  if (kind === 'word' || kind === 'pdf' ? !isRight[kind] : isOther) throw new ReadFailure('knowledge.wrong_extension');
}
