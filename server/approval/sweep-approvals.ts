import type { Deps } from '#server/base/deps.ts';
import { listDue, lockApproval } from './approval-store.ts';
import { listWaitingEffects } from './effect-store.ts';
import { attendNow, changeApprovalIn, tellOfChange } from './change-approval.ts';

const BATCH = 200;
export const sweepApprovalsEveryMs = 15_000;

/** The clock: expires what is over, asks those above whoever is late or left, and nudges effects whose job got lost. */
export async function sweepApprovals(deps: Deps): Promise<void> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const ids = await listDue(deps.db, deps.now(), after, BATCH);
    for (const approvalId of ids) {
      // One that cannot be attended to must not keep those after it waiting.
      await attendApproval(deps, { approvalId }).catch((err: unknown) =>
        deps.log.error({ err }, 'an approval was not attended to'),
      );
    }
    const last = ids.at(-1);
    if (!last || ids.length < BATCH) break;
    after = last;
  }
  const waiting = await listWaitingEffects(deps.db, deps.now(), BATCH);
  await deps.jobs.addAll(
    'apply-effect',
    waiting.map((approvalId) => ({ payload: { approvalId }, options: { key: approvalId } })),
  );
}

/** What the clock and the company do to one approval, if anything. */
export async function attendApproval(deps: Deps, { approvalId }: { approvalId: string }): Promise<void> {
  const changed = await deps.db.$transaction(async (tx) => {
    const approval = await lockApproval(tx, deps.cipher, approvalId);
    const step = await attendNow(tx, deps, approval);
    if (step.seats.length === 0 && Object.keys(step.change).length === 0) return null;
    return changeApprovalIn(tx, deps, approvalId, () => step);
  });
  if (changed) await tellOfChange(deps, changed);
}
