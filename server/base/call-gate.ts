import type { Db } from './database.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { MINUTE_MS } from './duration.ts';

/** The shortest time between two calls of a kind that was too fast, whatever the platform asks for. */
const PROBE_EVERY_MS = 60_000;
const SHUT_MS_MAX = 15 * MINUTE_MS;

/** One kind of call to one platform. */
export interface Gate {
  platform: string;
  call: string;
}

/** What whoever was let through holds until the answer is there. */
export interface Pass {
  gate: Gate;
  /** Of the one call that may try whether the platform takes them again: until when all others wait. */
  probeUntil: Date | null;
}

/**
 * Null while calls of this kind wait because the platform said they were too many. When that time is over, one of all
 * processes may try, and the others wait until it has an answer or another minute has gone by.
 */
export async function passGate(db: Db, gate: Gate, now: Date): Promise<Pass | null> {
  const { platform, call } = gate;
  const shut = await db.callGate.findUnique({ where: { platform_call: gate } });
  if (!shut) return { gate, probeUntil: null };
  if (shut.until > now) return null;
  const probeUntil = new Date(now.getTime() + PROBE_EVERY_MS);
  const { count } = await db.callGate.updateMany({
    where: { platform, call, until: shut.until },
    data: { until: probeUntil },
  });
  return count === 1 ? { gate, probeUntil } : null;
}

/** Whether calls of this kind wait now. Claims nothing. */
export async function isShut(db: Db, { platform, call }: Gate, now: Date): Promise<boolean> {
  return (await db.callGate.count({ where: { platform, call, until: { gt: now } } })) > 0;
}

/** Until when calls of these kinds wait; null when none does. */
export async function shutUntil(db: Db, platform: string, calls: readonly string[], now: Date): Promise<Date | null> {
  const last = await db.callGate.findFirst({
    where: { platform, call: { in: [...calls] }, until: { gt: now } },
    orderBy: { until: 'desc' },
  });
  return last?.until ?? null;
}

/** The platform took it: all may call again. */
export async function openGate(db: Db, { gate, probeUntil }: Pass): Promise<void> {
  // Who was not trying says nothing: it may have left before the platform had enough.
  if (probeUntil) await db.callGate.deleteMany({ where: { ...gate, until: probeUntil } });
}

/** No call was made after all: whoever comes next may try. */
export async function givePassBack(db: Db, { gate, probeUntil }: Pass, now: Date): Promise<void> {
  if (probeUntil) await db.callGate.updateMany({ where: { ...gate, until: probeUntil }, data: { until: now } });
}

/** The platform had too many: all wait, the longer the more often it said so in a row. */
export async function shutGate(db: Db, { gate, probeUntil }: Pass, retryAfterMs: number, now: Date): Promise<void> {
  const { platform, call } = gate;
  const shut = await db.callGate.findUnique({ where: { platform_call: gate } });
  const strikes = (shut?.strikes ?? 0) + (probeUntil || !shut ? 1 : 0);
  const until = new Date(now.getTime() + shutMs(strikes, retryAfterMs));
  await db.$executeRaw`
    INSERT INTO "CallGate" (platform, call, until, strikes) VALUES (${platform}, ${call}, ${until}, ${strikes})
    ON CONFLICT (platform, call) DO UPDATE
    SET until = greatest("CallGate".until, excluded.until), strikes = greatest("CallGate".strikes, excluded.strikes)`;
}

export function shutMs(strikes: number, retryAfterMs: number): number {
  return Math.max(retryAfterMs, Math.min(PROBE_EVERY_MS * 2 ** Math.max(strikes - 2, 0), SHUT_MS_MAX));
}

/**
 * Makes the call when it may leave now; `shut` when it may not, or when the platform had too many. Other errors are the
 * caller's, and leave the gate as it is.
 */
export async function callThrough<Answer>(
  { db, now }: { db: Db; now(): Date },
  gate: Gate,
  call: () => Promise<Answer>,
): Promise<Answer | typeof shut> {
  const pass = await passGate(db, gate, now());
  if (!pass) return shut;
  try {
    const answer = await call();
    await openGate(db, pass);
    return answer;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.kind === 'rate_limited') {
      await shutGate(db, pass, error.retryAfterMs, now());
      return shut;
    }
    // It was understood, so it was not too fast.
    if (error.kind === 'rejected' || error.kind === 'not_found' || error.kind === 'forbidden') await openGate(db, pass);
    throw error;
  }
}

export const shut = Symbol('shut');
