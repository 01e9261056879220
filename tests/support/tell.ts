import type { Deps } from '#server/base/deps.ts';
import { eventSwitch } from '#server/events.ts';
import type { PlatformEvent } from '#server/platform/event.ts';

type WithoutTime<Event> = Event extends PlatformEvent ? Omit<Event, 'occurredAt'> & { occurredAt?: string } : never;

/** Does what the product does about an event, without the callback that brings it. It happens now unless it says when. */
export async function tell(deps: Deps, platform: string, told: WithoutTime<PlatformEvent>): Promise<void> {
  const event = { occurredAt: deps.now().toISOString(), ...told } as PlatformEvent;
  await eventSwitch.hurry(deps, platform, event);
  await eventSwitch.handle(deps, platform, event);
}
