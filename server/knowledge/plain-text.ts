import { ReadFailure } from './read-failure.ts';
import type { Block } from './passage.ts';

/** UTF-8, UTF-16 with its mark, else GB18030, in which older programs in China still write. */
export function decodeText(bytes: Buffer): string {
  const text = decoded(bytes);
  if (text === null || text.includes('\0')) throw new ReadFailure('knowledge.not_text');
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
}

function decoded(bytes: Buffer): string | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decodedAs('utf-16le', bytes);
  if (first === 0xfe && second === 0xff) return decodedAs('utf-16be', bytes);
  return decodedAs('utf-8', bytes) ?? decodedAs('gb18030', bytes);
}

function decodedAs(encoding: string, bytes: Buffer): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

const HEADING_CHARS_MAX = 40;
/** 第三章 …, 一、…, （二）…, 1.2 …: how headings are numbered where nothing else tells them. */
const numbered: readonly (readonly [level: number, pattern: RegExp])[] = [
  [1, /^第[一二三四五六七八九十百\d]{1,4}[章篇部编]/],
  [2, /^(?:第[一二三四五六七八九十百\d]{1,4}节|[一二三四五六七八九十]{1,3}、)/],
  [3, /^(?:[（(][一二三四五六七八九十]{1,3}[)）]|\d{1,2}\.\d{1,2}\s)/],
];

/** The level of a line that is a heading by its number; null for any other. */
export function numberedLevel(line: string): number | null {
  if (line.length > HEADING_CHARS_MAX || /[。；;！!？?，,：:]$/.test(line)) return null;
  return numbered.find(([, pattern]) => pattern.test(line))?.[0] ?? null;
}

/** Each line is a paragraph. */
export function textBlocks(text: string): Block[] {
  return text.split('\n').flatMap((written): Block[] => {
    const line = written.trim();
    if (line === '') return [];
    const level = numberedLevel(line);
    return [level === null ? { kind: 'paragraph', text: line } : { kind: 'heading', level, text: line }];
  });
}
