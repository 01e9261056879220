import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { announceHandover } from './announce-handover.ts';
import { editedStates, mustBe, mustBeSeen, unknownHandover, type Handover } from './handover.ts';
import { deleteItems, getHandover, lockHandover, patient, saveHandover, saveTaker } from './handover-store.ts';
import { mustBeIn } from './plan-handover.ts';

export interface HandoverEdit {
  version: number;
  reason?: string | undefined;
  message?: string | undefined;
  /** Null: it stays with the giver. */
  items: { id: string; toMemberId: string | null }[];
}

/** Changes a draft. One that was rejected becomes a draft again. */
export async function editHandover(deps: Deps, caller: Caller, id: string, edit: HandoverEdit): Promise<Handover> {
  const seen = await getHandover(deps.db, caller, id);
  const byTaker = Map.groupBy(edit.items, ({ toMemberId }) => toMemberId);
  const takers = [...byTaker.keys()].filter((taker) => taker !== null);
  if (takers.length > 0) await mustBeIn(deps.db, caller.scope, seen.fromMemberId, takers);
  await deps.db.$transaction(async (tx) => {
    const handover = await lockHandover(tx, id);
    if (!handover) throw unknownHandover();
    mustBe(handover, editedStates, 'changed');
    mustBeSeen(handover, edit.version);
    for (const [taker, items] of byTaker) {
      const ids = items.map((item) => item.id);
      if (taker === null) await deleteItems(tx, id, ids);
      else await saveTaker(tx, id, ids, taker);
    }
    const words = {
      ...(edit.reason === undefined ? {} : { reason: edit.reason }),
      ...(edit.message === undefined ? {} : { message: edit.message }),
    };
    await saveHandover(
      tx,
      id,
      { ...words, state: 'draft', approvalId: null, version: handover.version + 1 },
      deps.now(),
    );
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'handover.edited',
      subject: `handover:${id}`,
      detail: { items: edit.items.length, fields: Object.keys(words) },
    });
  }, patient);
  announceHandover(deps, seen);
  return getHandover(deps.db, caller, id);
}
