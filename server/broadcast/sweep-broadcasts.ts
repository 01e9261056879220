import type { Deps } from '#server/base/deps.ts';
import { plainError } from '#server/base/plain-error.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { advanceBroadcast } from './advance-broadcast.ts';
import { startSending } from './broadcast.ts';
import { lockBroadcast, patient, saveBroadcast } from './broadcast-store.ts';
import { openStates, type DeliveryState } from './delivery.ts';
import { countUnended, endUnsent, listBusyPlatforms, listLapsed, listMoving } from './delivery-store.ts';
import { sendSoon, syncSoon } from './nudge-broadcasts.ts';

export const sweepBroadcastsEveryMs = 15_000;

/** Sets going what is due: what waited for its time, what a process that died left, what the platform is to be asked. */
export async function sweepBroadcasts(deps: Deps): Promise<void> {
  const now = deps.now();
  for (const id of await listLapsed(deps.db, now, dayOf(now))) await gently(deps, () => endLapsed(deps, id));
  // One that was taken out of the configuration is not asked until it is back.
  const here = new Set(deps.platforms.all.filter(({ groupSends }) => groupSends !== null).map(({ name }) => name));
  const busy = async (states: readonly DeliveryState[]) =>
    (await listBusyPlatforms(deps.db, states, now)).filter((platform) => here.has(platform));
  for (const platform of await busy(['due', 'sending', 'unknown'])) await sendSoon(deps, platform);
  for (const platform of await busy(openStates)) await syncSoon(deps, platform);
  for (const id of await listMoving(deps.db)) await gently(deps, () => advanceBroadcast(deps, id));
  for (const { state, count } of await countUnended(deps.db)) deps.metrics.deliveries.set({ state }, count);
}

/** One of which something is wrong does not hold up the others; the next sweep tries it again. */
async function gently(deps: Deps, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    deps.log.error({ err: plainError(error) }, 'a broadcast was not swept');
  }
}

/** The days that were kept free for it are over: it was paused, or the platform was closed, for too long. */
async function endLapsed(deps: Deps, id: string): Promise<void> {
  const now = deps.now();
  await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    const isOver = broadcast.state === 'sending' && broadcast.confirmBy !== null && broadcast.confirmBy <= now;
    const isPast = broadcast.state === 'scheduled' && broadcast.untilDay !== null && broadcast.untilDay < dayOf(now);
    if (!isOver && !isPast) return;
    if (isPast) await saveBroadcast(tx, id, startSending(broadcast, { confirmBy: now }, now), now);
    await endUnsent(tx, id, 'not_confirmed');
  }, patient);
}
