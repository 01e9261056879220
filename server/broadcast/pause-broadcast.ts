import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { mustManage, pause, resume, type Broadcast } from './broadcast.ts';
import { lockBroadcast, saveBroadcast } from './broadcast-store.ts';
import { sendSoon } from './nudge-broadcasts.ts';

/** From here on no call leaves, though the one that is on its way arrives. */
export async function pauseBroadcast(deps: Deps, caller: Caller, { id }: { id: string }): Promise<Broadcast> {
  return change(deps, caller, id, 'broadcast.paused', (broadcast) => pause(broadcast, deps.now()));
}

export async function resumeBroadcast(deps: Deps, caller: Caller, { id }: { id: string }): Promise<Broadcast> {
  const resumed = await change(deps, caller, id, 'broadcast.resumed', resume);
  await sendSoon(deps, resumed.platform);
  return resumed;
}

async function change(
  deps: Deps,
  caller: Caller,
  id: string,
  action: string,
  to: (broadcast: Broadcast) => Partial<Broadcast>,
): Promise<Broadcast> {
  const changed = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    mustManage(caller, broadcast);
    const next = await saveBroadcast(tx, id, to(broadcast), deps.now());
    await recordAudit(tx, { memberId: caller.memberId, action, subject: `broadcast:${id}` });
    return next;
  });
  announceBroadcasts(deps);
  return changed;
}
