import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { deleteDocument, findDocument } from './document-store.ts';

/** With its passages; what was drafted from them stays. A second press changes nothing. */
export async function removeDocument(deps: Deps, caller: Caller, id: string): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    const document = await findDocument(tx, id);
    if (!document || !(await deleteDocument(tx, id))) return;
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'knowledge.removed',
      subject: `knowledge:${id}`,
      detail: { title: document.title, name: document.name },
    });
  });
  deps.live.publish('desk', { part: 'knowledge' });
}
