import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { platformEvent, type EventKind } from '#server/platform/event.ts';
import type { EventSwitch } from './inbound-event.ts';
import { listStrandsLeft, listUrgentLeft, openEvent } from './inbound-store.ts';
import { nudge } from './relay.ts';

export const sweepEveryMs = 3000;
const LEFT_AFTER_MS = 10_000;
const URGENT_LEFT_AFTER_MS = 1000;
/** What is urgent is worthless later: no platform takes a welcome after 20 s. */
const URGENT_FOR_MS = 20_000;
const URGENT_MAX = 100;

const kinds: EventKind[] = platformEvent.options.map((option) => option.shape.kind.value);

/** Finds events that nobody was told of, as after a crash, and those whose next attempt is due. One process at a time. */
export async function sweepInbound(deps: Deps, deeds: EventSwitch): Promise<void> {
  await withLock(deps.pool, 'sweep-inbound', async () => {
    const now = deps.now();
    const before = (ms: number) => new Date(now.getTime() - ms);
    await nudge(deps, await listStrandsLeft(deps.pool, before(LEFT_AFTER_MS), now));

    const left = await listUrgentLeft(deps.pool, {
      kinds: kinds.filter((kind) => deeds.isUrgent(kind)),
      occurredAfter: before(URGENT_FOR_MS),
      receivedBefore: before(URGENT_LEFT_AFTER_MS),
      limit: URGENT_MAX,
    });
    for (const { platform, event } of left) {
      const opened = openEvent(deps.cipher, event);
      if (!opened) continue;
      await deeds
        .hurry(deps, platform, opened)
        .catch((err: unknown) => deps.log.warn({ err }, 'an urgent event waits for its turn'));
    }
  });
}
