import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getMember } from '#server/member/member-store.ts';
import { announceHandover, runSoon } from './announce-handover.ts';
import { mustBe, retriedStates, unknownHandover, type Handover } from './handover.ts';
import {
  countItems,
  getHandover,
  listItems,
  lockHandover,
  patient,
  saveHandover,
  saveItems,
} from './handover-store.ts';
import { byState } from './run-handover.ts';

/** What was refused or failed is tried once more, as it was approved. A contact who said no is not asked again. */
export async function retryHandover(
  deps: Deps,
  caller: Caller,
  { id, itemIds }: { id: string; itemIds?: string[] | undefined },
): Promise<Handover> {
  const seen = await getHandover(deps.db, caller, id);
  await deps.db.$transaction(async (tx) => {
    const handover = await lockHandover(tx, id);
    if (!handover) throw unknownHandover();
    mustBe(handover, ['running', 'partly'], 'tried again');
    const now = deps.now();
    const underway = byState(await countItems(tx, [id]));
    let count = 0;
    for (const state of retriedStates) {
      const items = await listItems(tx, id, { states: [state], ids: itemIds });
      const change = { state: 'planned', code: null, reason: null, nextAttemptAt: now } as const;
      count += await saveItems(
        tx,
        items.map((item) => item.id),
        state,
        change,
      );
    }
    if (count === 0) throw nothingToRetry();
    // What is under way was asked for in one way, and is to be found in that way only.
    const isFree = (underway.asking ?? 0) + (underway.waiting ?? 0) === 0;
    const leaver = isFree ? (await getMember(tx, handover.fromMemberId)).status === 'left' : handover.leaver;
    await saveHandover(tx, id, { state: 'running', leaver, finishedAt: null }, now);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'handover.retried',
      subject: `handover:${id}`,
      detail: { items: count },
    });
  }, patient);
  announceHandover(deps, seen);
  await runSoon(deps, id);
  return getHandover(deps.db, caller, id);
}

const nothingToRetry = () =>
  new Refusal('handover.nothing_to_retry', 'None of these was refused or failed. Nothing is left to try again.', 409);
