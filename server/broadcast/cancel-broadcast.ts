import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { withdraw } from '#server/approval/approval.ts';
import { lockApproval } from '#server/approval/approval-store.ts';
import { changeApprovalIn, tellOfChange } from '#server/approval/change-approval.ts';
import { advanceBroadcast } from './advance-broadcast.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { cancel, mustManage, type Broadcast } from './broadcast.ts';
import { getBroadcast, lockBroadcast, patient, saveBroadcast } from './broadcast-store.ts';
import { endUnsent, oweCancels } from './delivery-store.ts';
import { syncSoon } from './nudge-broadcasts.ts';

/**
 * Nothing more of it leaves, and whoever has not confirmed is no longer asked. What was delivered stays delivered, and
 * what is on its way right now is taken back as soon as the platform knows of it.
 */
export async function cancelBroadcast(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string },
): Promise<Broadcast> {
  const { approvalId } = await getBroadcast(deps.db, id);
  const tell = await deps.db.$transaction(async (tx) => {
    // In the order in which an approval that takes effect locks them.
    if (approvalId) await lockApproval(tx, deps.cipher, approvalId);
    const broadcast = await lockBroadcast(tx, id);
    mustManage(caller, broadcast);
    const now = deps.now();
    const cancelled = cancel(broadcast, { memberId: caller.memberId, reason }, now);
    const withdrawn =
      broadcast.state === 'awaiting_approval' && broadcast.approvalId !== null
        ? await changeApprovalIn(tx, deps, broadcast.approvalId, (approval, at) =>
            withdraw(approval, caller.memberId, at),
          )
        : null;
    await saveBroadcast(tx, id, cancelled, now);
    const unsent = await endUnsent(tx, id, 'cancelled');
    const asked = await oweCancels(tx, id, now);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'broadcast.cancelled',
      subject: `broadcast:${id}`,
      detail: { reason, unsent, asked },
    });
    return withdrawn;
  }, patient);
  if (tell) await tellOfChange(deps, tell);
  await advanceBroadcast(deps, id);
  announceBroadcasts(deps);
  const broadcast = await getBroadcast(deps.db, id);
  await syncSoon(deps, broadcast.platform);
  return broadcast;
}
