import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { segmentWhere } from '#server/segment/compile-segment.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { mustBe, mustBeSeen, mustManage, submit, type Broadcast } from './broadcast.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { findSegment, lockBroadcast, saveBroadcast } from './broadcast-store.ts';
import { spanOf } from './caps.ts';
import { checkBroadcast, mustPass, segmentEmpty } from './check-broadcast.ts';
import { isAnybodyIn } from './plan-store.ts';

/**
 * From here on it stands still: the content is frozen now, the recipients by a job, which then asks for approval. What is
 * wrong with it is refused, with where it is.
 */
export async function submitBroadcast(
  deps: Deps,
  caller: Caller,
  { id, version, reason }: { id: string; version: number; reason: string },
): Promise<Broadcast> {
  const submitted = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    mustManage(caller, broadcast);
    mustBe(broadcast, ['draft'], 'submitted');
    mustBeSeen(broadcast, version);
    const rules = await readBroadcastRules(tx);
    const { checks, frozen, contentHash } = await checkBroadcast(deps, tx, broadcast, { rules, baseline: 0 });
    const segment = broadcast.segmentId === null ? null : await findSegment(tx, broadcast.segmentId);
    const where = segment && segmentWhere(segment.rule, { now: deps.now(), platform: broadcast.platform });
    const isEmpty = where && !(await isAnybodyIn(tx, where));
    mustPass(isEmpty ? [segmentEmpty(), ...checks] : checks);
    const span = spanOf(dayOf(broadcast.sendAt ?? deps.now()), rules);
    const by = { memberId: caller.memberId, reason, version };
    const change = submit(broadcast, by, { ...span, contentHash, frozenContent: frozen }, deps.now());
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'broadcast.submitted',
      subject: `broadcast:${id}`,
      detail: { contentHash, version: broadcast.version },
    });
    return saveBroadcast(tx, id, { ...change, submitReason: deps.cipher.encrypt(reason) }, deps.now());
  });
  await deps.jobs.add('plan-broadcast', { broadcastId: id }, { key: id });
  announceBroadcasts(deps);
  return submitted;
}
