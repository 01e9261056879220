/** As much of a text as fits, in whole characters as a reader sees them; `…` where something is missing. */
export function cut(text: string, max: number, lengthOf: (text: string) => number): string {
  if (lengthOf(text) <= max) return text;
  let length = lengthOf('…');
  let end = 0;
  for (const { segment } of characters.segment(text)) {
    length += lengthOf(segment);
    if (length > max) break;
    end += segment.length;
  }
  return `${text.slice(0, end)}…`;
}

const characters = new Intl.Segmenter('zh', { granularity: 'grapheme' });

export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Most limits count bytes of UTF-8. */
export const cutText = (text: string, bytesMax: number): string => cut(text, bytesMax, bytesOf);
