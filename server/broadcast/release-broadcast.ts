import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { dayOf } from '#server/base/shanghai.ts';
import type { ApprovalOf } from '#server/approval/effect.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { changedSince, release } from './broadcast.ts';
import { contentHashOf } from './broadcast-hash.ts';
import { lockBroadcast, saveBroadcast } from './broadcast-store.ts';
import { saveDeliveries } from './delivery-store.ts';
import { sendSoon } from './nudge-broadcasts.ts';
import { readRecipientHash } from './plan-store.ts';

/**
 * What its approval sets free: these hashes and nothing else may leave. They are worked out again of what stands there,
 * so that a row changed past every rule is not sent. Inside the approving transaction; what it answers is called after it.
 */
export async function releaseBroadcast(
  tx: Db,
  deps: Deps,
  { id, content, decidedBy }: ApprovalOf<'broadcast'>,
): Promise<() => Promise<void>> {
  const { broadcastId } = content;
  const broadcast = await lockBroadcast(tx, broadcastId);
  // Withdrawn and asked for anew: only what it is asked in now decides, also of the same people and words.
  if (broadcast.approvalId !== id) throw changedSince();
  const now = deps.now();
  const change = release(broadcast, content, await hashesNow(tx, broadcast), dayOf(now), now);
  await saveBroadcast(tx, broadcastId, change, now);
  await saveDeliveries(tx, { broadcastId }, ['frozen'], { state: 'due', nextAttemptAt: now });
  await recordAudit(tx, {
    memberId: decidedBy,
    action: 'broadcast.released',
    subject: `broadcast:${broadcastId}`,
    detail: { contentHash: content.contentHash, recipientHash: content.recipientHash },
  });
  return async () => {
    announceBroadcasts(deps);
    await sendSoon(deps, broadcast.platform);
  };
}

async function hashesNow(tx: Db, { id, frozenContent }: Awaited<ReturnType<typeof lockBroadcast>>) {
  return {
    contentHash: frozenContent && contentHashOf(frozenContent),
    recipientHash: await readRecipientHash(tx, id),
  };
}
