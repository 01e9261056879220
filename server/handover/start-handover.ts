import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { getMember } from '#server/member/member-store.ts';
import { announceHandover, runSoon } from './announce-handover.ts';
import { mustBe, mustBeSeen, unknownHandover } from './handover.ts';
import { lockHandover, saveHandover, wakeItems } from './handover-store.ts';

/**
 * What its approval sets free: the plan as it was approved is set going. Inside the approving transaction; what it
 * answers is called after it. A process that dies between leaves it to the sweep.
 */
export async function startHandover(
  tx: Db,
  deps: Deps,
  { handoverId, version }: { handoverId: string; version: number },
): Promise<() => Promise<void>> {
  const handover = await lockHandover(tx, handoverId);
  if (!handover) throw unknownHandover();
  mustBe(handover, ['asked'], 'started');
  mustBeSeen(handover, version);
  const now = deps.now();
  const leaver = (await getMember(tx, handover.fromMemberId)).status === 'left';
  await saveHandover(tx, handoverId, { state: 'running', leaver, startedAt: now }, now);
  await wakeItems(tx, handoverId, now);
  await recordAudit(tx, { memberId: null, action: 'handover.started', subject: `handover:${handoverId}` });
  return async () => {
    announceHandover(deps, handover);
    await runSoon(deps, handoverId);
  };
}
