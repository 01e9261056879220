import { Prisma, type Broadcast as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { segmentRule, type SegmentRule } from '#server/segment/segment-api.ts';
import { unknownBroadcast, type Broadcast, type BroadcastChange } from './broadcast.ts';
import { audience, broadcastContent, planCounts, type BroadcastState } from './broadcast-api.ts';
import { dateOfDay, dayOfDate } from './touch-store.ts';

/** A million recipients are worked out and let go of in one piece. */
export const patient = { maxWait: 60_000, timeout: 300_000 };

export async function insertBroadcast(
  db: Db,
  made: Pick<Broadcast, 'name' | 'platform' | 'audience' | 'content' | 'sendAt' | 'ownerId'>,
  now: Date,
): Promise<Broadcast> {
  const row = await db.broadcast.create({
    data: { ...made, segmentId: made.audience.segmentId, createdAt: now, updatedAt: now },
  });
  return toBroadcast(row);
}

/** Null when it was removed. */
export async function findBroadcast(db: Db, id: string): Promise<Broadcast | null> {
  const row = await db.broadcast.findUnique({ where: { id } });
  return row && toBroadcast(row);
}

export async function getBroadcast(db: Db, id: string): Promise<Broadcast> {
  const broadcast = await findBroadcast(db, id);
  if (!broadcast) throw unknownBroadcast();
  return broadcast;
}

/**
 * Until the transaction ends, nobody else changes its state or sends any of it: whoever marks a call as leaving holds
 * this lock, and so does whoever takes it back. Whoever locks an approval too, locks that first.
 */
export async function lockBroadcast(tx: Db, id: string): Promise<Broadcast> {
  await tx.$executeRaw`SELECT 1 FROM "Broadcast" WHERE id = ${id}::uuid FOR UPDATE`;
  return getBroadcast(tx, id);
}

/** On a row that is locked. */
export async function saveBroadcast(tx: Db, id: string, change: BroadcastChange, now: Date): Promise<Broadcast> {
  const { rule, planCounts: counts, frozenContent, fromDay, untilDay, ...columns } = change;
  const row = await tx.broadcast.update({
    where: { id },
    data: {
      ...columns,
      ...(rule === undefined ? {} : { rule: json(rule) }),
      ...(counts === undefined ? {} : { planCounts: json(counts) }),
      ...(frozenContent === undefined ? {} : { frozenContent: json(frozenContent) }),
      ...(fromDay === undefined ? {} : { fromDay: fromDay === null ? null : dateOfDay(fromDay) }),
      ...(untilDay === undefined ? {} : { untilDay: untilDay === null ? null : dateOfDay(untilDay) }),
      updatedAt: now,
    },
  });
  return toBroadcast(row);
}

const json = (value: object | null) => (value === null ? Prisma.DbNull : (value as Prisma.InputJsonObject));

/** With all that was worked out for it. */
export async function deleteBroadcast(tx: Db, id: string): Promise<void> {
  await tx.broadcastChunk.deleteMany({ where: { broadcastId: id } });
  await tx.$executeRaw`DELETE FROM "BroadcastRecipient" WHERE "broadcastId" = ${id}::uuid`;
  await tx.broadcastDelivery.deleteMany({ where: { broadcastId: id } });
  await tx.$executeRaw`DELETE FROM "ContactTouch" WHERE "broadcastId" = ${id}::uuid`;
  await tx.broadcast.delete({ where: { id } });
}

/** Null when it was removed. */
export async function findSegment(
  db: Db,
  id: string,
): Promise<{ id: string; name: string; version: number; rule: SegmentRule } | null> {
  const row = await db.segment.findFirst({
    where: { id, removedAt: null },
    select: { id: true, name: true, version: true, rule: true },
  });
  return row && { ...row, rule: segmentRule.parse(row.rule) };
}

/** Names, of removed ones too. */
export async function listSegmentNames(db: Db, ids: (string | null)[]): Promise<Map<string, string>> {
  const known = [...new Set(ids)].filter((id) => id !== null);
  const rows = await db.segment.findMany({ where: { id: { in: known } }, select: { id: true, name: true } });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export interface BroadcastFilter {
  state?: BroadcastState | undefined;
  search?: string | undefined;
}

/** Last changed first. */
export async function listBroadcasts(
  db: Db,
  { state, search }: BroadcastFilter,
  page: { after: { updatedAt: Date; id: string } | null; limit: number },
): Promise<Broadcast[]> {
  const { after, limit } = page;
  const rows = await db.broadcast.findMany({
    where: {
      state,
      ...(search ? { name: { contains: search, mode: 'insensitive' } } : {}),
      ...(after
        ? { OR: [{ updatedAt: { lt: after.updatedAt } }, { updatedAt: after.updatedAt, id: { lt: after.id } }] }
        : {}),
    },
    orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
    take: limit,
  });
  return rows.map(toBroadcast);
}

/** What is being worked out, or was to be: for whoever finds that nobody does. */
export async function listPlanning(db: Db): Promise<string[]> {
  const rows = await db.broadcast.findMany({
    where: { planning: { not: null }, planError: null },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Requests for approval that are not heard to have ended. */
export async function listWaiting(db: Db): Promise<string[]> {
  const rows = await db.broadcast.findMany({ where: { state: 'awaiting_approval' }, select: { approvalId: true } });
  return rows.flatMap(({ approvalId }) => (approvalId === null ? [] : [approvalId]));
}

function toBroadcast(row: Row): Broadcast {
  return {
    ...row,
    state: row.state as BroadcastState,
    planning: row.planning as Broadcast['planning'],
    rule: row.rule as Broadcast['rule'],
    audience: audience.parse(row.audience),
    content: broadcastContent.parse(row.content),
    planCounts: row.planCounts === null ? null : planCounts.parse(row.planCounts),
    frozenContent: row.frozenContent as unknown as Broadcast['frozenContent'],
    fromDay: row.fromDay && dayOfDate(row.fromDay),
    untilDay: row.untilDay && dayOfDate(row.untilDay),
  };
}
