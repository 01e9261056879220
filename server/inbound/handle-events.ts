import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { afterFailure, isRateLimit, type EventSwitch } from './inbound-event.ts';
import { listDue, markFailed, markHandled, openEvent, type WaitingEvent } from './inbound-store.ts';
import { nudge } from './relay.ts';

const PAGE_SIZE = 100;

/**
 * Does the deeds of a strand's waiting events in the order they happened, one at a time across processes. An event that
 * has to wait makes the later ones of its subject wait too. One that comes late is handled like any other: deeds look at
 * `occurredAt`. When another process has the strand this does nothing; the sweep finds what that one leaves.
 */
export async function handleEvents(deps: Deps, { strand }: { strand: number }, deeds: EventSwitch): Promise<void> {
  await withLock(deps.pool, `inbound:${strand}`, async () => {
    const events = await listDue(deps.pool, strand, deps.now(), PAGE_SIZE);
    const held = new Set<string>();
    for (const waiting of events) {
      const subject = `${waiting.platform}:${waiting.subject}`;
      if (!held.has(subject) && !(await isDone(deps, waiting, deeds))) held.add(subject);
    }
    // One page a job, so that a long strand does not keep the others from their turn.
    if (events.length === PAGE_SIZE) await nudge(deps, [strand]);
  });
}

/** False when the event has to wait. */
async function isDone(deps: Deps, waiting: WaitingEvent, deeds: EventSwitch): Promise<boolean> {
  const { id, platform, attempts } = waiting;
  const event = openEvent(deps.cipher, waiting.event);
  if (!event) {
    await markFailed(deps.pool, id, { state: 'dead', attempts, nextAttemptAt: null, lastError: 'event.unreadable' });
    return true;
  }
  if (deeds.ignores(event.kind)) {
    await markHandled(deps.pool, id, 'ignored', deps.now());
    return true;
  }
  try {
    if (deeds.isUrgent(event.kind)) await deeds.hurry(deps, platform, event);
    await deeds.handle(deps, platform, event);
  } catch (error) {
    const failure = afterFailure(attempts, error, deps.now());
    await markFailed(deps.pool, id, failure);
    const about = { event: id, kind: event.kind, state: failure.state, attempts: failure.attempts };
    deps.log.warn({ err: error, ...about }, 'an event was not handled');
    // The queue slows down for everyone; the row says when it is due again.
    if (isRateLimit(error)) throw error;
    if (failure.state === 'dead') deps.live.publish('admin', { part: 'inbound' });
    return failure.state === 'dead';
  }
  await markHandled(deps.pool, id, 'handled', deps.now());
  const lagMs = deps.now().getTime() - Date.parse(event.occurredAt);
  deps.metrics.callbackLag.observe({ kind: event.kind }, Math.max(0, lagMs) / 1000);
  return true;
}
