import type { Deps } from '#server/base/deps.ts';
import { findDocument, lockDocument, readBytes, saveReading } from './document-store.ts';
import { PASSAGES_MAX } from './knowledge.ts';
import { passagesOf, type Passage } from './passage.ts';
import { replacePassages } from './passage-store.ts';
import { readApart } from './read-apart.ts';
import { ReadFailure } from './read-failure.ts';

/**
 * Reads what was uploaded last and puts its passages in the place of the old ones, all at once. Of a file that cannot be
 * read the document says why, and keeps the passages it had.
 */
export async function readDocument(deps: Deps, { documentId }: { documentId: string }): Promise<void> {
  const document = await findDocument(deps.db, documentId);
  if (document?.state !== 'reading') return;
  const read = await passagesIn(document.kind, await readBytes(deps.db, documentId));
  await deps.db.$transaction(async (tx) => {
    const now = await lockDocument(tx, documentId);
    // Another upload came meanwhile, with a job of its own.
    if (now?.state !== 'reading' || now.upload !== document.upload) return;
    if (!(read instanceof ReadFailure)) await replacePassages(tx, { documentId }, now.title, read);
    await saveReading(tx, now, read instanceof ReadFailure ? read.code : null);
  });
  await deps.jobs.add('embed-passages', {}, { key: 'all' });
  deps.live.publish('desk', { part: 'knowledge' });
}

async function passagesIn(kind: Parameters<typeof readApart>[0], bytes: Buffer): Promise<Passage[] | ReadFailure> {
  try {
    const passages = passagesOf(await readApart(kind, bytes));
    return passages.length > PASSAGES_MAX ? new ReadFailure('knowledge.too_long') : passages;
  } catch (error) {
    if (error instanceof ReadFailure) return error;
    throw error;
  }
}
