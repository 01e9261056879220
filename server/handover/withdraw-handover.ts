import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { withdraw } from '#server/approval/approval-end.ts';
import { lockApproval } from '#server/approval/approval-store.ts';
import { changeApprovalIn, tellOfChange } from '#server/approval/change-approval.ts';
import { announceHandover, runSoon } from './announce-handover.ts';
import { mustBe, unknownHandover, type Handover } from './handover.ts';
import { getHandover, listItems, lockHandover, patient, saveHandover, saveItems } from './handover-store.ts';
import { moveBack } from './move-local.ts';

type Tell = () => Promise<void> | void;

/**
 * Back to how it was, all of it or some items: what no platform has taken stays with the giver, what moved here goes
 * back. What the platform was asked for, or may have been, goes its way.
 */
export async function withdrawHandover(
  deps: Deps,
  caller: Caller,
  { id, itemIds }: { id: string; itemIds?: string[] | undefined },
): Promise<Handover> {
  const { approvalId } = await getHandover(deps.db, caller, id);
  const { handover, tell } = await deps.db.$transaction(async (tx) => {
    // In the order in which an approval that takes effect locks them.
    if (approvalId) await lockApproval(tx, deps.cipher, approvalId);
    const found = await lockHandover(tx, id);
    if (!found) throw unknownHandover();
    mustBe(found, itemIds ? ['running'] : ['draft', 'asked', 'running'], 'withdrawn');
    const told: Tell[] = found.state === 'asked' ? [await withdrawRequest(tx, deps, caller, found)] : [];
    const back = await takeBack(tx, deps, caller, found, itemIds);
    if (found.state !== 'running') {
      await saveHandover(tx, id, { state: 'withdrawn', finishedAt: deps.now() }, deps.now());
    }
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'handover.withdrawn',
      subject: `handover:${id}`,
      detail: { items: back.count, all: !itemIds },
    });
    return { handover: found, tell: [...told, ...back.tell] };
  }, patient);
  for (const one of tell) await one();
  announceHandover(deps, handover);
  // What is left may be settled all of it.
  if (handover.state === 'running') await runSoon(deps, id);
  return getHandover(deps.db, caller, id);
}

/** Only by whoever asked. */
async function withdrawRequest(tx: Db, deps: Deps, caller: Caller, { approvalId }: Handover): Promise<Tell> {
  if (approvalId === null) return () => {};
  const changed = await changeApprovalIn(tx, deps, approvalId, (approval, now) =>
    withdraw(approval, caller.memberId, now),
  );
  return () => tellOfChange(deps, changed);
}

async function takeBack(
  tx: Db,
  deps: Deps,
  caller: Caller,
  handover: Handover,
  ids: string[] | undefined,
): Promise<{ count: number; tell: Tell[] }> {
  const change = { state: 'kept', reason: 'withdrawn', doneAt: null } as const;
  let count = 0;
  for (const state of ['planned', 'refused', 'failed'] as const) {
    const items = await listItems(tx, handover.id, { states: [state], ids });
    count += await saveItems(
      tx,
      items.map((item) => item.id),
      state,
      change,
    );
  }
  const moved = (await listItems(tx, handover.id, { states: ['done'], ids })).filter(({ kind }) => kind !== 'contact');
  const back = await moveBack(tx, deps, handover, moved, caller.memberId);
  count += await saveItems(
    tx,
    back.items.map((item) => item.id),
    'done',
    change,
  );
  return { count, tell: back.tell };
}
