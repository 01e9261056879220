import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { segmentInUse } from './segment.ts';
import { holdSegment, listUses, saveRemoval } from './segment-store.ts';

/** Its versions stay, and what was frozen with them. */
export async function removeSegment(deps: Deps, caller: Caller, { id }: { id: string }): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    const segment = await holdSegment(tx, id);
    const uses = (await listUses(tx, [id])).get(id) ?? [];
    if (uses.length > 0) throw segmentInUse(uses);
    await saveRemoval(tx, segment, deps.now());
    await recordAudit(tx, { memberId: caller.memberId, action: 'segment.removed', subject: `segment:${id}` });
  });
}
