import type { Deps } from '#server/base/deps.ts';
import { platformEvent, type EventKind } from '#server/platform/event.ts';
import type { EventSwitch } from './inbound-event.ts';
import { listStrandsLeft, listWaitingOfKinds } from './inbound-store.ts';
import { nudge } from './relay.ts';

export const sweepEveryMs = 3000;
const LEFT_AFTER_MS = 10_000;
/** What is urgent is worthless later: no platform takes a welcome after 20 s. */
const URGENT_FOR_MS = 20_000;
const URGENT_MAX = 500;

const kinds: EventKind[] = platformEvent.options.map((option) => option.shape.kind.value);

/** Finds events that nobody was told of, as after a crash, and those whose next attempt is due. */
export async function sweepInbound(deps: Deps, deeds: EventSwitch): Promise<void> {
  const now = deps.now();
  const before = (ms: number) => new Date(now.getTime() - ms);
  const warn = (err: unknown) => deps.log.warn({ err }, 'an urgent event waits for its turn');
  const urgentKinds = kinds.filter((kind) => deeds.isUrgent(kind));
  const urgent = await listWaitingOfKinds(deps.pool, urgentKinds, before(URGENT_FOR_MS), URGENT_MAX);
  for (const { platform, event } of urgent) {
    const parsed = platformEvent.safeParse(event);
    if (parsed.success) await deeds.hurry(deps, platform, parsed.data).catch(warn);
  }
  await nudge(deps, await listStrandsLeft(deps.pool, before(LEFT_AFTER_MS), now));
}
