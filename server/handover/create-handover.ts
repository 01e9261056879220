import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { lockRequestKey } from '#server/approval/approval-store.ts';
import { announceHandover } from './announce-handover.ts';
import { nothingToGo, type Handover } from './handover.ts';
import { findHandover, getHandover, insertHandover, patient } from './handover-store.ts';
import { countKinds, planHandover, type PlanWish } from './plan-handover.ts';

export interface HandoverWish extends PlanWish {
  reason: string;
  message: string;
  /** Its id: one hand-over however often it is sent. */
  requestKey: string;
}

/** The plan as it is now, written down. What cannot go yet is in it too, and says why. */
export async function createHandover(deps: Deps, caller: Caller, wish: HandoverWish): Promise<Handover> {
  const { requestKey: id, reason, message } = wish;
  const before = await findHandover(deps.db, id);
  if (before) return asCreatedBefore(before, caller);
  const { from, assignments } = await planHandover(deps, caller, wish);
  if (assignments.length === 0) throw nothingToGo();
  const createdAt = deps.now();
  const twin = await deps.db.$transaction(async (tx) => {
    await lockRequestKey(tx, id);
    const made = await findHandover(tx, id);
    if (made) return asCreatedBefore(made, caller);
    const leaver = from.status === 'left';
    const handover = { id, fromMemberId: from.id, leaver, reason, message, createdBy: caller.memberId, createdAt };
    await insertHandover(tx, handover, assignments);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'handover.created',
      subject: `handover:${id}`,
      detail: { from: from.id, ...countKinds(assignments) },
    });
    return null;
  }, patient);
  if (twin) return twin;
  const handover = await getHandover(deps.db, caller, id);
  announceHandover(deps, handover);
  return handover;
}

function asCreatedBefore(before: Handover, caller: Caller): Handover {
  if (before.createdBy === caller.memberId) return before;
  throw new Refusal(
    'handover.request_key',
    'Something else was written down with this key. Send it with a new one.',
    409,
  );
}
