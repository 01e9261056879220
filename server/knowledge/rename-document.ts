import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { lockDocument, saveTitle, type DocumentRow } from './document-store.ts';
import { documentUnknown } from './knowledge.ts';
import { retitlePassages } from './passage-store.ts';

/** `version` is the one the caller saw. */
export async function renameDocument(
  deps: Deps,
  caller: Caller,
  { id, version, title }: { id: string; version: number; title: string },
): Promise<DocumentRow> {
  const renamed = await deps.db.$transaction(async (tx) => {
    if (!(await lockDocument(tx, id))) throw documentUnknown();
    const at = deps.now();
    const changed = await saveTitle(tx, { id, version }, { title, updatedBy: caller.memberId, updatedAt: at });
    if (!changed)
      throw new Refusal('knowledge.stale', 'Somebody changed this document just now. Look at it and save again.', 409);
    await retitlePassages(tx, id, title);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'knowledge.renamed',
      subject: `knowledge:${id}`,
      detail: { title },
    });
    return changed;
  });
  deps.live.publish('desk', { part: 'knowledge' });
  return renamed;
}
