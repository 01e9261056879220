import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { handOver } from './approval-seating.ts';
import { changeApprovalIn, type Changed } from './change-approval.ts';

/**
 * What one member asked for and what waits for them goes to another, because a hand-over says so. `tellOfChange` is for
 * the caller to call after the transaction; null when there was nothing to hand over.
 */
export async function handOverApproval(
  tx: Db,
  deps: Deps,
  { approvalId, from, to }: { approvalId: string; from: string; to: string },
): Promise<Changed | null> {
  const changed = await changeApprovalIn(tx, deps, approvalId, (approval, now) => handOver(approval, from, to, now));
  return changed.step.history.length > 0 ? changed : null;
}
