import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { listUnread } from './document-store.ts';
import { indexMaterials } from './index-materials.ts';

export const sweepKnowledgeEveryMs = MINUTE_MS;
const BATCH = 100;

/** Takes up what a lost job left unread. */
export async function sweepKnowledge(deps: Deps): Promise<void> {
  const unread = await listUnread(deps.db, BATCH);
  await deps.jobs.addAll(
    'read-document',
    unread.map((documentId) => ({ payload: { documentId }, options: { key: documentId } })),
  );
  await indexMaterials(deps);
  await deps.jobs.add('embed-passages', {}, { key: 'all' });
}
