import type { Db } from '#server/base/database.ts';
import { DAY_MS } from '#server/base/duration.ts';
import type { Day } from '#server/base/shanghai.ts';

/** A DATE as the database gives and takes it. */
export const dateOfDay = (day: Day): Date => new Date(day * DAY_MS);
export const dayOfDate = (date: Date): Day => date.getTime() / DAY_MS;

/** Plans that keep days free come one after the other: two at once could both take the last place under a cap. */
export async function lockTouches(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('broadcast-touches', 0))`;
}

/**
 * Reached for certain, on this day: what was kept free before and after it is free again. One that was never reserved is
 * counted all the same.
 */
export async function settleDelivered(
  tx: Db,
  broadcastId: string,
  contactIds: readonly string[],
  day: Day,
): Promise<void> {
  const at = dateOfDay(day);
  await tx.$executeRaw`
    INSERT INTO "ContactTouch" ("contactId", "broadcastId", "fromDay", "untilDay", state)
    SELECT id, ${broadcastId}::uuid, ${at}::date, ${at}::date, 'delivered' FROM unnest(${[...contactIds]}::uuid[]) AS id
    ON CONFLICT ("contactId", "broadcastId") DO UPDATE
    SET "fromDay" = EXCLUDED."fromDay", "untilDay" = EXCLUDED."untilDay", state = 'delivered'
    WHERE "ContactTouch".state = 'reserved'`;
}

/** Will not be reached by it: what was reserved for these contacts is free again, or for everybody not reached yet. */
export async function releaseTouches(
  tx: Db,
  broadcastId: string,
  contactIds: readonly string[] | 'everybody',
): Promise<void> {
  if (contactIds === 'everybody') {
    await tx.$executeRaw`
      DELETE FROM "ContactTouch" WHERE "broadcastId" = ${broadcastId}::uuid AND state = 'reserved'`;
    return;
  }
  await tx.$executeRaw`
    DELETE FROM "ContactTouch"
    WHERE "contactId" = ANY(${[...contactIds]}::uuid[]) AND "broadcastId" = ${broadcastId}::uuid AND state = 'reserved'`;
}
