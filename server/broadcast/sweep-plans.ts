import type { Deps } from '#server/base/deps.ts';
import { setsNothingFree } from '#server/approval/approval.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { listPlanning, listWaiting } from './broadcast-store.ts';

export const sweepPlansEveryMs = 30_000;

/** Finds what a lost job has left: plans nobody works on, and requests that ended without anybody hearing of it. */
export async function sweepPlans(deps: Deps): Promise<void> {
  const planning = await listPlanning(deps.db);
  await deps.jobs.addAll(
    'plan-broadcast',
    planning.map((broadcastId) => ({ payload: { broadcastId }, options: { key: broadcastId } })),
  );
  for (const approvalId of await listWaiting(deps.db)) {
    const approval = await findApproval(deps.db, deps.cipher, approvalId);
    if (approval && setsNothingFree(approval)) await deps.jobs.add('apply-effect', { approvalId }, { key: approvalId });
  }
}
