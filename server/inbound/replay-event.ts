import type { InboundEvent } from '#prisma/client/client.ts';
import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { saveDeadWaitingAgain, saveWaitingAgain } from './inbound-store.ts';
import { nudge } from './relay.ts';

/** Whatever became of it: its deed is done once more, now. */
export async function replayEvent(deps: Deps, { id, by }: { id: bigint; by: string }): Promise<InboundEvent> {
  const event = await saveWaitingAgain(deps.db, id);
  if (!event) throw new Refusal('inbound.unknown', 'There is no such event. Load the list again.', 404);
  await recordAudit(deps.db, { memberId: by, action: 'inbound.replayed', subject: `inbound:${id}` });
  await nudge(deps, [event.strand]);
  return event;
}

export async function replayDead(deps: Deps, { by }: { by: string }): Promise<number> {
  const replayed = await saveDeadWaitingAgain(deps.db);
  const detail = { count: replayed.length };
  await recordAudit(deps.db, { memberId: by, action: 'inbound.dead_replayed', subject: 'inbound:dead', detail });
  await nudge(
    deps,
    replayed.map(({ strand }) => strand),
  );
  return replayed.length;
}
