import type { z } from 'zod';
import type { saying } from './scoring-api.ts';

/** What a reason says: in words, and for pages to say in the reader's language. */
export interface Said {
  text: string;
  says: z.infer<typeof saying>;
}

export const said = (key: string, text: string, values: Said['says']['values'] = {}): Said => ({
  text,
  says: { key, values },
});

/** One message says so, or several. */
export const saidOften = (key: string, text: string, count: number): Said =>
  count > 1 ? said(`${key}.more`, `${text}×${count}`, { n: count }) : said(key, text);
