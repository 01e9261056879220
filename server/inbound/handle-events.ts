import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Deps } from '#server/base/deps.ts';
import { platformEvent } from '#server/platform/event.ts';
import { afterFailure, isRateLimit, type EventSwitch } from './inbound-event.ts';
import { listWaiting, markFailed, markHandled, type Subject, type WaitingEvent } from './inbound-store.ts';

const PAGE_SIZE = 100;

/**
 * Does the deeds of a subject's waiting events, in the order they happened and one at a time across processes. The first
 * that has to wait makes those after it wait too. Late events are handled like any other: deeds look at `occurredAt`.
 */
export async function handleEvents(deps: Deps, of: Subject, deeds: EventSwitch): Promise<void> {
  await whileLocked(deps.pool, `inbound:${of.platform}:${of.subject}`, async (client) => {
    for (;;) {
      const events = await listWaiting(client, of, PAGE_SIZE);
      for (const waiting of events) {
        const isDue = waiting.nextAttemptAt === null || waiting.nextAttemptAt <= deps.now();
        if (!isDue || !(await handleOne(deps, client, of.platform, waiting, deeds))) return;
      }
      // What arrives from here on brings its own job.
      if (events.length < PAGE_SIZE) return;
    }
  });
}

/** False when the event has to wait. */
async function handleOne(
  deps: Deps,
  client: pg.ClientBase,
  platform: string,
  waiting: WaitingEvent,
  deeds: EventSwitch,
): Promise<boolean> {
  const parsed = platformEvent.safeParse(waiting.event);
  if (!parsed.success) {
    const unreadable = { state: 'dead', nextAttemptAt: null, lastError: 'event.unreadable' } as const;
    await markFailed(client, waiting.id, { ...unreadable, attempts: waiting.attempts });
    return true;
  }
  const event = parsed.data;
  if (deeds.ignores(event.kind)) {
    await markHandled(client, waiting.id, 'ignored', deps.now());
    return true;
  }
  try {
    if (deeds.isUrgent(event.kind)) await deeds.hurry(deps, platform, event);
    await deeds.handle(deps, platform, event);
  } catch (error) {
    const failure = afterFailure(waiting.attempts, error, deps.now());
    await markFailed(client, waiting.id, failure);
    const { state, attempts } = failure;
    deps.log.warn({ err: error, event: waiting.id, kind: event.kind, state, attempts }, 'an event was not handled');
    if (state === 'dead') deps.live.publish('admin', { part: 'inbound' });
    // The queue slows down for everyone; the row says when it is due again.
    if (isRateLimit(error)) throw error;
    return state === 'dead';
  }
  await markHandled(client, waiting.id, 'handled', deps.now());
  deps.metrics.callbackLag.observe(
    { kind: event.kind },
    Math.max(0, deps.now().getTime() - Date.parse(event.occurredAt)) / 1000,
  );
  return true;
}

const LOCK_TRIES = 20;
const LOCK_TRY_EVERY_MS = 50;

/** Does nothing when another process keeps the lock: it is at the same work, and the sweep comes after. */
async function whileLocked(pool: pg.Pool, name: string, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    for (let tries = 0; !(await tryLock(client, name)); tries++) {
      if (tries === LOCK_TRIES) return;
      await sleep(LOCK_TRY_EVERY_MS);
    }
    try {
      await work(client);
    } finally {
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch((error: Error) => {
        broken = error;
      });
    }
  } finally {
    // A connection that could not give the lock back is closed, which does.
    client.release(broken);
  }
}

async function tryLock(client: pg.ClientBase, name: string): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS mine',
    [name],
  );
  return rows[0]?.mine ?? false;
}
