import type { Db } from '#server/base/database.ts';

export interface Arrival {
  channelId: string;
  followId: string;
  at: Date;
  attempts: number;
}

export type ArrivalId = Pick<Arrival, 'channelId' | 'followId'>;

/** False when this add, or a later one, is known. */
export async function saveArrival(
  tx: Db,
  { channelId, followId, at }: Omit<Arrival, 'attempts'>,
  now: Date,
): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    INSERT INTO "ChannelArrival" AS known ("channelId", "followId", at, "nextAttemptAt")
    VALUES (${channelId}::uuid, ${followId}::uuid, ${at}::timestamptz, ${now}::timestamptz)
    ON CONFLICT ("channelId", "followId") DO UPDATE
      SET at = excluded.at, state = 'owed', attempts = 0, "lastError" = NULL, "nextAttemptAt" = excluded."nextAttemptAt"
      WHERE known.at < excluded.at
    RETURNING 1`;
  return rows.length > 0;
}

/** Null when nothing is owed, or not yet. */
export async function findOwedArrival(db: Db, { channelId, followId }: ArrivalId, now: Date): Promise<Arrival | null> {
  return db.channelArrival.findFirst({ where: { channelId, followId, state: 'owed', nextAttemptAt: { lte: now } } });
}

/** Nothing when there was another add meanwhile: that one is owed still. */
export async function settleArrivalRow(
  db: Db,
  { channelId, followId, at }: Arrival,
  outcome: { state: 'done' | 'failed' | 'owed'; lastError: string | null; nextAttemptAt?: Date },
): Promise<void> {
  await db.channelArrival.updateMany({
    where: { channelId, followId, at, state: 'owed' },
    data: { ...outcome, attempts: { increment: 1 } },
  });
}

export async function listDueArrivals(db: Db, now: Date, limit: number): Promise<ArrivalId[]> {
  return db.channelArrival.findMany({
    where: { state: 'owed', nextAttemptAt: { lte: now } },
    orderBy: { nextAttemptAt: 'asc' },
    take: limit,
    select: { channelId: true, followId: true },
  });
}
