import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { advanceBroadcast } from './advance-broadcast.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { cancel, mustManage, type Broadcast } from './broadcast.ts';
import { getBroadcast, patient, saveBroadcast } from './broadcast-store.ts';
import { endUnsent, oweCancels } from './delivery-store.ts';
import { syncSoon } from './nudge-broadcasts.ts';
import { callOffRequest, lockWithApproval } from './take-back.ts';

/**
 * Nothing more of it leaves, and whoever has not confirmed is no longer asked. What was delivered stays delivered, and
 * what is on its way right now is taken back as soon as the platform knows of it.
 */
export async function cancelBroadcast(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string },
): Promise<Broadcast> {
  const tell = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockWithApproval(tx, deps, id);
    mustManage(caller, broadcast);
    const now = deps.now();
    const cancelled = cancel(broadcast, { memberId: caller.memberId, reason }, now);
    const tellOfRequest = await callOffRequest(tx, deps, caller, broadcast);
    await saveBroadcast(tx, id, cancelled, now);
    const unsent = await endUnsent(tx, id, 'cancelled');
    const asked = await oweCancels(tx, id, now);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'broadcast.cancelled',
      subject: `broadcast:${id}`,
      detail: { reason, unsent, asked },
    });
    return tellOfRequest;
  }, patient);
  await tell();
  await advanceBroadcast(deps, id);
  announceBroadcasts(deps);
  const broadcast = await getBroadcast(deps.db, id);
  await syncSoon(deps, broadcast.platform);
  return broadcast;
}
