import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Problem } from '#server/base/refusal.ts';
import { fileKinds, materialContent, variables, type Variable } from './material-api.ts';

/** What a message is made of once nothing in it points at what may change: materials are copied in, files named by their bytes. */
const resolvedContent = z.object({
  text: z.string(),
  attachments: z.array(
    z.object({
      /** Where it came from; null when it was made for this message. */
      materialId: z.uuid().nullable(),
      content: materialContent,
      file: z
        .object({
          id: z.uuid(),
          kind: z.enum(fileKinds),
          name: z.string(),
          type: z.string(),
          size: z.int(),
          sha256: z.string(),
        })
        .nullable(),
    }),
  ),
});
export type ResolvedContent = z.infer<typeof resolvedContent>;
export type ResolvedAttachment = ResolvedContent['attachments'][number];

/** The same for what contacts would see the same, whatever it was copied from. */
export function contentHash({ text, attachments }: ResolvedContent): string {
  const seen = attachments.map(({ content, file }) => {
    const told = Object.entries({ ...content, fileId: undefined }).filter(([, value]) => value !== undefined);
    return [told.toSorted(([one], [other]) => (one < other ? -1 : 1)), file && [file.name, file.type, file.sha256]];
  });
  return createHash('sha256')
    .update(JSON.stringify([text, seen]))
    .digest('hex');
}

const known: readonly string[] = variables;
const inBraces = /\{([^{}]*)\}/g;

/** Variables a text names that are not `allowed` where it goes. */
export function variableProblems(text: string, allowed: readonly Variable[], path: string): Problem[] {
  const unknown = [...text.matchAll(inBraces)].filter(
    ([, name = '']) => !(allowed as readonly string[]).includes(name),
  );
  const there = allowed.map((name) => `{${name}}`).join(' and ') || 'none';
  return [...new Set(unknown.map(([whole]) => whole))].map((whole) => ({
    path,
    message: `${whole} stands for nothing here; there is ${there}`,
  }));
}

/** What is not a variable stays as it was written. */
export function renderText(text: string, names: Partial<Record<Variable, string>>): string {
  return text.replace(inBraces, (whole, name: string) =>
    known.includes(name) ? (names[name as Variable] ?? '') : whole,
  );
}
