import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { callOff } from '#server/approval/approval-end.ts';
import { findApproval, lockApproval } from '#server/approval/approval-store.ts';
import { changeApprovalIn, tellOfChange } from '#server/approval/change-approval.ts';
import type { ApprovalOf } from '#server/approval/effect.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { backToDraft, mustManage, stale, type Broadcast } from './broadcast.ts';
import { findBroadcast, getBroadcast, lockBroadcast, patient, saveBroadcast } from './broadcast-store.ts';
import { dropPlan } from './plan-store.ts';

type Tell = () => Promise<void>;

/** Back to a draft, as long as no call has left. A request that is not decided yet is off. */
export async function withdrawBroadcast(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string },
): Promise<Broadcast> {
  const tell = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockWithApproval(tx, deps, id);
    mustManage(caller, broadcast);
    await takeBack(tx, deps, broadcast, { memberId: caller.memberId, why: 'withdrawn', reason });
    return callOffRequest(tx, deps, caller, broadcast);
  }, patient);
  await tell();
  announceBroadcasts(deps);
  return getBroadcast(deps.db, id);
}

/** In the order in which an approval that takes effect locks them. */
export async function lockWithApproval(tx: Db, deps: Deps, id: string): Promise<Broadcast> {
  const seen = await getBroadcast(tx, id);
  if (seen.approvalId !== null) await lockApproval(tx, deps.cipher, seen.approvalId);
  const broadcast = await lockBroadcast(tx, id);
  // Asked for meanwhile: its approval is not held.
  if (broadcast.approvalId !== seen.approvalId) throw stale(broadcast);
  return broadcast;
}

/** Nobody needs to decide it any more. After `lockWithApproval`; what it answers is called after the transaction. */
export async function callOffRequest(
  tx: Db,
  deps: Deps,
  caller: Pick<Caller, 'memberId'>,
  { approvalId }: Pick<Broadcast, 'approvalId'>,
): Promise<Tell> {
  const approval = approvalId === null ? null : await findApproval(tx, deps.cipher, approvalId);
  if (approval?.state !== 'pending') return async () => {};
  const changed = await changeApprovalIn(tx, deps, approval.id, (found, now) => callOff(found, caller.memberId, now));
  return () => tellOfChange(deps, changed);
}

/** Its approval came to an end that sets nothing free: a draft again, with nothing kept free for it. */
export async function endWithoutApproval(tx: Db, deps: Deps, approval: ApprovalOf<'broadcast'>): Promise<Tell> {
  const { broadcastId } = approval.content;
  if (!(await findBroadcast(tx, broadcastId))) return async () => {};
  const broadcast = await lockBroadcast(tx, broadcastId);
  if (broadcast.state !== 'awaiting_approval' || broadcast.approvalId !== approval.id) return async () => {};
  const why = approval.effectState === 'failed' ? 'not_released' : approval.state;
  await takeBack(tx, deps, broadcast, { memberId: approval.decidedBy, why, reason: '' });
  return async () => announceBroadcasts(deps);
}

async function takeBack(
  tx: Db,
  deps: Deps,
  broadcast: Broadcast,
  by: { memberId: string | null; why: string; reason: string },
): Promise<void> {
  const { id, approvalId } = broadcast;
  const change = backToDraft(broadcast);
  await dropPlan(tx, id);
  await saveBroadcast(tx, id, change, deps.now());
  await recordAudit(tx, {
    memberId: by.memberId,
    action: 'broadcast.taken_back',
    subject: `broadcast:${id}`,
    detail: { from: broadcast.state, why: by.why, approval: approvalId, ...(by.reason ? { reason: by.reason } : {}) },
  });
}
