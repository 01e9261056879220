import type { BroadcastDelivery as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { Day } from '#server/base/shanghai.ts';
import type { SendResult } from '#server/platform/group-send.ts';
import type { FailureReason } from './results-api.ts';
import {
  endOf,
  openStates,
  unsentStates,
  type Delivery,
  type DeliveryChange,
  type DeliveryState,
  type Reached,
} from './delivery.ts';
import { dateOfDay } from './touch-store.ts';

/** Ten thousand recipients are written with the call they belong to. */
export const patient = { maxWait: 30_000, timeout: 60_000 };

export async function findDelivery(db: Db, id: string): Promise<Delivery | null> {
  const row = await db.broadcastDelivery.findUnique({ where: { id } });
  return row && toDelivery(row);
}

export async function listDeliveries(
  db: Db,
  broadcastId: string,
  states: readonly DeliveryState[],
): Promise<Delivery[]> {
  const rows = await db.broadcastDelivery.findMany({
    where: { broadcastId, state: { in: [...states] } },
    orderBy: { id: 'asc' },
  });
  return rows.map(toDelivery);
}

/** One that may leave now, the one that has waited longest. Of a broadcast that is released, not paused, and whose time has come. */
export async function findNextDue(db: Db, platform: string, now: Date, today: Day): Promise<string | null> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT d.id FROM "BroadcastDelivery" d JOIN "Broadcast" b ON b.id = d."broadcastId"
    WHERE d.state = 'due' AND d.platform = ${platform} AND d."nextAttemptAt" <= ${now}
      AND b.state IN ('scheduled', 'sending') AND b."pausedAt" IS NULL
      AND (b."sendAt" IS NULL OR b."sendAt" <= ${now}) AND (b."confirmBy" IS NULL OR b."confirmBy" > ${now})
      AND b."untilDay" >= ${dateOfDay(today)}::date
    ORDER BY d."nextAttemptAt", d.id LIMIT 1`;
  return rows[0]?.id ?? null;
}

/** Deliveries in these states whose time has come, the one that has waited longest first. */
export async function listRipe(
  db: Db,
  platform: string,
  states: readonly DeliveryState[],
  now: Date,
  limit: number,
): Promise<Delivery[]> {
  const rows = await db.broadcastDelivery.findMany({
    where: { platform, state: { in: [...states] }, nextAttemptAt: { lte: now } },
    orderBy: [{ nextAttemptAt: 'asc' }, { id: 'asc' }],
    take: limit,
  });
  return rows.map(toDelivery);
}

/** Brings the oldest of a broadcast forward; true when there is one. */
export async function hurryDeliveries(
  db: Db,
  broadcastId: string,
  states: readonly DeliveryState[],
  { now, limit }: { now: Date; limit: number },
): Promise<boolean> {
  const where = { broadcastId, state: { in: [...states] } };
  const oldest = await db.broadcastDelivery.findMany({
    where,
    orderBy: { syncedAt: { sort: 'asc', nulls: 'first' } },
    take: limit,
    select: { id: true },
  });
  const ids = oldest.map(({ id }) => id);
  // One the platform still hands out waits for that.
  await db.broadcastDelivery.updateMany({
    where: { ...where, id: { in: ids }, syncedAt: { not: null }, nextAttemptAt: { gt: now } },
    data: { nextAttemptAt: now },
  });
  return ids.length > 0;
}

/** Platforms with something to be asked or sent, by what. */
export async function listBusyPlatforms(db: Db, states: readonly DeliveryState[], now: Date): Promise<string[]> {
  const rows = await db.broadcastDelivery.findMany({
    where: { state: { in: [...states] }, nextAttemptAt: { lte: now } },
    distinct: ['platform'],
    select: { platform: true },
  });
  return rows.map(({ platform }) => platform);
}

/** Null when it is not due any more: whoever gets it is the only one to send it. */
export async function claimDelivery(
  tx: Db,
  id: string,
  claim: { contentHash: string; now: Date },
): Promise<Delivery | null> {
  const [row] = await tx.broadcastDelivery.updateManyAndReturn({
    where: { id, state: 'due' },
    data: {
      state: 'sending',
      claimedAt: claim.now,
      contentHash: claim.contentHash,
      syncedAt: null,
      attempts: { increment: 1 },
    },
  });
  return row ? toDelivery(row) : null;
}

/** How many were in one of these states, and are changed. */
export async function saveDeliveries(
  db: Db,
  of: { ids: readonly string[] } | { broadcastId: string },
  from: readonly DeliveryState[],
  change: DeliveryChange,
): Promise<number> {
  const which = 'ids' in of ? { id: { in: [...of.ids] } } : of;
  const { count } = await db.broadcastDelivery.updateMany({
    where: { ...which, state: { in: [...from] } },
    data: change,
  });
  return count;
}

/** Those whose sender vanished: they may have left. */
export async function giveUpOnSending(
  db: Db,
  platform: string,
  claimedBefore: Date,
  nextAttemptAt: Date,
): Promise<number> {
  const { count } = await db.broadcastDelivery.updateMany({
    where: { platform, state: 'sending', claimedAt: { lt: claimedBefore } },
    data: { state: 'unknown', lastError: 'The sender stopped before the answer came.', nextAttemptAt },
  });
  return count;
}

export async function countByState(db: Db, broadcastId: string): Promise<Partial<Record<DeliveryState, number>>> {
  const groups = await db.broadcastDelivery.groupBy({ by: ['state'], where: { broadcastId }, _count: true });
  return Object.fromEntries(groups.map(({ state, _count }) => [state, _count]));
}

/** Of deliveries whose members pressed send. */
export async function countConfirmed(db: Db, broadcastId: string): Promise<number> {
  return db.broadcastDelivery.count({ where: { broadcastId, confirmedAt: { not: null } } });
}

/** Of these keys of the platform, those that are deliveries' already. */
export async function listKnownKeys(db: Db, platform: string, keys: readonly string[]): Promise<Set<string>> {
  const rows = await db.broadcastDelivery.findMany({
    where: { platform, key: { in: [...keys] } },
    select: { key: true },
  });
  return new Set(rows.flatMap(({ key }) => (key === null ? [] : [key])));
}

/** Everyone who was frozen into a delivery, as they are now to who sends it; `state` is the recipient's. */
export async function listReached(
  db: Db,
  delivery: Pick<Delivery, 'id' | 'broadcastId' | 'platform'>,
  senderId: string | null,
): Promise<(Reached & { state: string })[]> {
  return db.$queryRaw`
    SELECT r."contactId", c.key, c."optedOutAt", f.state AS "followState", r.state
    FROM "BroadcastRecipient" r JOIN "Contact" c ON c.id = r."contactId"
    LEFT JOIN "Follow" f ON f."contactId" = c.id AND f."memberId" = ${senderId}::uuid
    WHERE r."deliveryId" = ${delivery.id}::uuid AND r."broadcastId" = ${delivery.broadcastId}::uuid
      AND r.part = 'target' AND c.platform = ${delivery.platform}
    ORDER BY c.key COLLATE "C"`;
}

/**
 * Whose the account is that sends: the member of the plan, or who they were joined to since. Null when they left, or left
 * the platform.
 */
export async function findSender(
  db: Db,
  { platform, memberKey }: Pick<Delivery, 'platform' | 'memberKey'>,
): Promise<{ id: string; name: string } | null> {
  const account = await db.memberIdentity.findUnique({
    where: { platform_key: { platform, key: memberKey }, leftAt: null, member: { status: 'active' } },
    select: { member: { select: { id: true, name: true } } },
  });
  return account?.member ?? null;
}

/** Recipients of a broadcast who are in one of `from`; answers whom it changed. */
export async function endRecipients(
  tx: Db,
  of: { broadcastId: string; deliveryId?: string; contactIds?: readonly string[] },
  from: readonly ('planned' | 'asked')[],
  end: { state: 'failed' | 'dropped'; failure: FailureReason },
): Promise<string[]> {
  const { broadcastId, deliveryId, contactIds } = of;
  const rows = await tx.broadcastRecipient.updateManyAndReturn({
    where: {
      broadcastId,
      part: 'target',
      ...(deliveryId ? { deliveryId } : {}),
      ...(contactIds ? { contactId: { in: [...contactIds] } } : {}),
      state: { in: [...from] },
    },
    data: end,
    select: { contactId: true },
  });
  return rows.map(({ contactId }) => contactId);
}

export async function askRecipients(tx: Db, { id, broadcastId }: Delivery): Promise<void> {
  await tx.broadcastRecipient.updateMany({
    where: { broadcastId, deliveryId: id, state: 'planned' },
    data: { state: 'asked' },
  });
}

export interface Settled {
  contactId: string;
  state: 'delivered' | 'failed';
  deliveredAt: Date | null;
}

/** A page of results in one statement. What is settled already stays, so that a page may come twice. */
export async function settleRecipients(
  tx: Db,
  { id, broadcastId, platform }: Delivery,
  results: readonly SendResult[],
  now: Date,
): Promise<Settled[]> {
  const ends = results.flatMap((result) => {
    const end = endOf(result);
    return end ? [{ ...end, key: result.contact, at: end.state === 'delivered' ? (result.at ?? now) : null }] : [];
  });
  if (ends.length === 0) return [];
  return tx.$queryRaw`
    UPDATE "BroadcastRecipient" r
    SET state = g.state, failure = g.failure, "deliveredAt" = g.at
    FROM unnest(
      ${ends.map(({ key }) => key)}::text[], ${ends.map(({ state }) => state)}::text[],
      ${ends.map(({ failure }) => failure)}::text[], ${ends.map(({ at }) => at)}::timestamptz[]
    ) AS g(key, state, failure, at)
    JOIN "Contact" c ON c.platform = ${platform} AND c.key = g.key
    WHERE r."broadcastId" = ${broadcastId}::uuid AND r."contactId" = c.id AND r."deliveryId" = ${id}::uuid
      AND r.state = 'asked'
    RETURNING r."contactId", r.state, r."deliveredAt"`;
}

/** Targets by state. */
export async function countRecipients(db: Db, broadcastId: string): Promise<Partial<Record<string, number>>> {
  const groups = await db.broadcastRecipient.groupBy({
    by: ['state'],
    where: { broadcastId, part: 'target' },
    _count: true,
  });
  return Object.fromEntries(groups.map(({ state, _count }) => [state, _count]));
}

/**
 * Nothing that has not left will: it is cancelled, and whoever it was for fails with `failure`. What may have left is
 * left alone.
 */
export async function endUnsent(tx: Db, broadcastId: string, failure: FailureReason): Promise<number> {
  await tx.$executeRaw`
    WITH ended AS (
      UPDATE "BroadcastRecipient" r SET state = 'failed', failure = ${failure}
      WHERE r."broadcastId" = ${broadcastId}::uuid AND r.part = 'target' AND r.state = 'planned'
        AND (r."deliveryId" IS NULL OR r."deliveryId" IN (
          SELECT d.id FROM "BroadcastDelivery" d
          WHERE d."broadcastId" = ${broadcastId}::uuid AND d.state IN ('frozen', 'due')))
      RETURNING r."contactId")
    DELETE FROM "ContactTouch" t USING ended
    WHERE t."contactId" = ended."contactId" AND t."broadcastId" = ${broadcastId}::uuid AND t.state = 'reserved'`;
  return saveDeliveries(tx, { broadcastId }, ['frozen', 'due'], { state: 'cancelled' });
}

/** What members were asked is taken back from them, soon. */
export async function oweCancels(tx: Db, broadcastId: string, now: Date): Promise<number> {
  return saveDeliveries(tx, { broadcastId }, ['asked'], { cancelOwed: true, nextAttemptAt: now });
}

/** Without a change of the broadcast: it says when the platform was asked, and nothing else. */
export async function saveResultsAt(db: Db, broadcastIds: readonly string[], now: Date): Promise<void> {
  await db.$executeRaw`UPDATE "Broadcast" SET "resultsAt" = ${now} WHERE id = ANY(${[...broadcastIds]}::uuid[])`;
}

/** Broadcasts of which nothing may leave any more, though something still waits to. */
export async function listLapsed(db: Db, now: Date, today: Day): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT b.id FROM "Broadcast" b
    WHERE (b.state = 'sending' AND b."confirmBy" <= ${now} OR b.state = 'scheduled' AND b."untilDay" < ${dateOfDay(today)}::date)
      AND EXISTS (SELECT FROM "BroadcastDelivery" d WHERE d."broadcastId" = b.id AND d.state IN ('frozen', 'due'))`;
  return rows.map(({ id }) => id);
}

/** Broadcasts whose calls leave or whose results come, and cancelled ones of which something is not known yet. */
export async function listMoving(db: Db): Promise<string[]> {
  const rows = await db.broadcast.findMany({
    where: { OR: [{ state: { in: ['sending', 'running'] } }, { state: 'cancelled', finishedAt: null }] },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Deliveries that have not ended, by state. */
export async function countUnended(db: Db): Promise<{ state: string; count: number }[]> {
  const states = [...unsentStates, ...openStates];
  const groups = await db.broadcastDelivery.groupBy({
    by: ['state'],
    where: { state: { in: states } },
    _count: true,
  });
  const counts = new Map(groups.map(({ state, _count }) => [state, _count]));
  return states.map((state) => ({ state, count: counts.get(state) ?? 0 }));
}

export async function countAsked(db: Db, { id, broadcastId }: Delivery): Promise<number> {
  return db.broadcastRecipient.count({ where: { broadcastId, deliveryId: id, state: 'asked' } });
}

/** What members were asked to send to somebody who opted out, and have not confirmed. */
export interface WaitingFor {
  deliveryId: string;
  broadcastId: string;
  name: string;
  contactName: string;
  contactKey: string;
  memberId: string;
  ownerId: string;
}

export async function listWaitingFor(db: Db, contactId: string): Promise<WaitingFor[]> {
  return db.$queryRaw<WaitingFor[]>`
    SELECT d.id AS "deliveryId", b.id AS "broadcastId", b.name, c.name AS "contactName", c.key AS "contactKey",
      d."memberId", b."ownerId"
    FROM "Contact" c
    JOIN "BroadcastRecipient" r ON r."contactId" = c.id AND r.state = 'asked'
    JOIN "BroadcastDelivery" d ON d.id = r."deliveryId" AND d.state = 'asked' AND NOT d."cancelOwed"
    JOIN "Broadcast" b ON b.id = r."broadcastId" AND b.state IN ('sending', 'running')
    WHERE c.id = ${contactId}::uuid AND c."optedOutAt" IS NOT NULL
    ORDER BY d.id`;
}

/** False when somebody else reminded in the meantime. */
export async function claimReminder(
  db: Db,
  { id, remindedAt, reminders }: Delivery,
  next: { reminders: number; now: Date },
): Promise<boolean> {
  const { count } = await db.broadcastDelivery.updateMany({
    where: { id, state: 'asked', remindedAt, reminders },
    data: { remindedAt: next.now, reminders: next.reminders },
  });
  return count === 1;
}

export async function giveBackReminder(db: Db, { id, remindedAt, reminders }: Delivery): Promise<void> {
  await db.broadcastDelivery.update({ where: { id }, data: { remindedAt, reminders } });
}

function toDelivery(row: Row): Delivery {
  return { ...row, state: row.state as DeliveryState };
}
