import type { Db } from './database.ts';
import type { Day } from './shanghai.ts';

/**
 * Puts what a call is expected to cost on the day's account before it leaves. False when the day has come to `lineMicros`:
 * calls that leave at the same moment, from whatever process, see each other here, so the day ends above its line by one
 * call at most. Of a process that dies in a call the expected cost stays: it may have been charged.
 */
export async function reserve(db: Db, day: Day, micros: number, lineMicros: number): Promise<boolean> {
  if (lineMicros <= 0) return false;
  const reserved = await db.$executeRaw`
    INSERT INTO "ModelDay" (day, "spentMicros") VALUES (${day}::int, ${micros}::bigint)
    ON CONFLICT (day) DO UPDATE SET "spentMicros" = "ModelDay"."spentMicros" + excluded."spentMicros"
    WHERE "ModelDay"."spentMicros" < ${lineMicros}::bigint`;
  return reserved > 0;
}

/** What it did cost, in place of what was expected. */
export async function settle(db: Db, day: Day, expectedMicros: number, actualMicros: number): Promise<void> {
  const difference = actualMicros - expectedMicros;
  if (difference !== 0) await db.modelDay.update({ where: { day }, data: { spentMicros: { increment: difference } } });
}

/** Millionths of a yuan, with what calls under way are expected to cost. */
export async function spentOn(db: Db, day: Day): Promise<number> {
  return Number((await db.modelDay.findUnique({ where: { day } }))?.spentMicros ?? 0n);
}
