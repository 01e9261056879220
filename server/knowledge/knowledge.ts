import { Refusal } from '#server/base/refusal.ts';
import type { MaterialContent } from '#server/material/material-api.ts';
import type { documentKinds } from './knowledge-api.ts';
import type { Block } from './passage.ts';

export type DocumentKind = (typeof documentKinds)[number];

const megabyte = 1024 * 1024;
export const FILE_BYTES_MAX = 20 * megabyte;
export const PASSAGES_MAX = 5000;

const kindOfEnding: Record<string, DocumentKind> = {
  md: 'markdown',
  markdown: 'markdown',
  txt: 'text',
  docx: 'word',
  pdf: 'pdf',
};
export const endings = Object.keys(kindOfEnding);

/** As its name says. Throws for what is none that can be read. */
export function kindOf(name: string): DocumentKind {
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const kind = kindOfEnding[ending];
  if (!kind)
    throw new Refusal('knowledge.file_type', `A document is one of ${endings.join(', ')}.`, 422, { types: endings });
  return kind;
}

/** No path, and nothing that is not seen. */
export function plainName(name: string): string {
  const plain = (name.split(/[/\\]/).at(-1) ?? '').replaceAll(/[\p{Cc}\p{Cf}]/gu, '').trim();
  return plain === '' ? 'document.txt' : plain;
}

export const titleOfFile = (name: string) => name.replace(/\.[^.]+$/, '').slice(0, 120) || name;

export const documentUnknown = () =>
  new Refusal('knowledge.unknown', 'There is no such document. Reload the page.', 404);

export const fileTooLarge = () =>
  new Refusal('knowledge.file_too_large', `A document has at most ${FILE_BYTES_MAX} bytes.`, 413, {
    bytesMax: FILE_BYTES_MAX,
  });

/** What is said of a material in words; null for a kind without any. */
export function blocksOfMaterial(content: MaterialContent): Block[] | null {
  switch (content.kind) {
    case 'text':
      return content.text.split('\n').map((text) => ({ kind: 'paragraph', text }));
    case 'link':
      return [content.title, content.description].map((text) => ({ kind: 'paragraph', text }));
    case 'image':
    case 'video':
    case 'file':
    case 'app':
      return null;
  }
}

/** Kinds of materials that say something in words. */
export const kindsWithWords = ['text', 'link'] as const;
