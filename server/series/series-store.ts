import type { Prisma, Series as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { SegmentRule } from '#server/segment/segment-api.ts';
import { segmentWhere } from '#server/segment/compile-segment.ts';
import { unknownSeries, type Series, type SeriesChange, type SeriesDraft } from './series.ts';
import { seriesEntry, seriesStep, type RunState, type SeriesEntry, type SeriesState } from './series-api.ts';

export async function insertSeries(db: Db, draft: SeriesDraft, ownerId: string, now: Date): Promise<Series> {
  return toSeries(await db.series.create({ data: { ...draft, ownerId, createdAt: now, updatedAt: now } }));
}

/** Last changed first. */
export async function listSeries(db: Db, limit: number): Promise<Series[]> {
  return (await db.series.findMany({ orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }], take: limit })).map(toSeries);
}

export async function getSeries(db: Db, id: string): Promise<Series> {
  const row = await db.series.findUnique({ where: { id } });
  if (!row) throw unknownSeries();
  return toSeries(row);
}

/** Until the transaction ends, nobody changes or sweeps it. */
export async function lockSeries(tx: Db, id: string): Promise<Series> {
  await tx.$executeRaw`SELECT 1 FROM "Series" WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  return getSeries(tx, id);
}

/** As lockSeries; null when somebody else is at it, or nobody may come in. */
export async function lockToSweep(tx: Db, id: string): Promise<Series | null> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "Series" WHERE id = ${id}::uuid AND state = 'running' FOR NO KEY UPDATE SKIP LOCKED`;
  return rows.length > 0 ? getSeries(tx, id) : null;
}

export async function saveSeries(tx: Db, id: string, change: SeriesChange, now: Date): Promise<Series> {
  return toSeries(
    await tx.series.update({ where: { id }, data: { ...change, version: { increment: 1 }, updatedAt: now } }),
  );
}

export async function listRunningSeries(db: Db): Promise<string[]> {
  const rows = await db.series.findMany({ where: { state: 'running' }, select: { id: true }, orderBy: { id: 'asc' } });
  return rows.map(({ id }) => id);
}

/** Of each series, how many runs are in each state. */
export async function countRuns(db: Db, seriesIds: string[]): Promise<Map<string, Partial<Record<RunState, number>>>> {
  const rows = await db.seriesRun.groupBy({
    by: ['seriesId', 'state'],
    where: { seriesId: { in: seriesIds } },
    _count: true,
  });
  const counts = new Map<string, Partial<Record<RunState, number>>>();
  for (const { seriesId, state, _count } of rows) counts.set(seriesId, { ...counts.get(seriesId), [state]: _count });
  return counts;
}

export interface EntrySource {
  id: string;
  name: string;
  /** Nobody comes in through it any more. */
  isGone: boolean;
}

export async function listEntrySources(db: Db, entries: readonly SeriesEntry[]): Promise<Map<string, EntrySource>> {
  const ids = entries.map(entryId);
  const [segments, channels] = [
    await db.segment.findMany({ where: { id: { in: ids } }, select: { id: true, name: true, removedAt: true } }),
    await db.channel.findMany({ where: { id: { in: ids } }, select: { id: true, name: true, archivedAt: true } }),
  ];
  return new Map([
    ...segments.map(({ id, name, removedAt }) => [id, { id, name, isGone: removedAt !== null }] as const),
    ...channels.map(({ id, name, archivedAt }) => [id, { id, name, isGone: archivedAt !== null }] as const),
  ]);
}

export function entryId(entry: SeriesEntry): string {
  return entry.kind === 'segment' ? entry.segmentId : entry.channelId;
}

export interface SweptSegment {
  rule: SegmentRule;
  version: number;
}

export async function findSegmentRule(db: Db, id: string): Promise<SweptSegment | null> {
  const row = await db.segment.findFirst({ where: { id, removedAt: null }, select: { rule: true, version: true } });
  return row && { rule: row.rule as SegmentRule, version: row.version };
}

/** Who is in the segment now is noted as having been there. */
export async function noteSegment(tx: Db, seriesId: string, rule: SegmentRule, now: Date): Promise<void> {
  await tx.seriesSeen.deleteMany({ where: { seriesId } });
  const { sql, values } = segmentWhere(rule, { now, firstParam: 2 });
  await tx.$executeRawUnsafe(
    `INSERT INTO "SeriesSeen" ("seriesId", "contactId") SELECT $1::uuid, c.id FROM "Contact" c WHERE ${sql}`,
    seriesId,
    ...values,
  );
}

/** Who has spoken with the contact last, of the active members who follow it; else who added it first. */
const follower = `
  SELECT follow."memberId" FROM "Follow" follow
  JOIN "Member" member ON member.id = follow."memberId" AND member.status = 'active'
  LEFT JOIN "Conversation" talk ON talk."contactId" = follow."contactId" AND talk."memberId" = follow."memberId"
  WHERE follow."contactId" = present.id AND follow.state = 'active'
  ORDER BY talk."lastMessageAt" DESC NULLS LAST, follow."addedAt", follow.id LIMIT 1`;

/**
 * Who is in the segment now and was not when it was swept last comes in, once ever; who left it may come back into the
 * segment, not into the series. Whoever nobody follows is looked at again. Answers how many came in.
 */
export async function enterFromSegment(
  tx: Db,
  series: Series,
  rule: SegmentRule,
  { now, nextAt }: { now: Date; nextAt: Date },
): Promise<number> {
  const own = [series.id, now, nextAt, JSON.stringify(series.steps), series.endOnReply];
  const { sql, values } = segmentWhere(rule, { now, firstParam: own.length + 1 });
  const [row] = await tx.$queryRawUnsafe<{ entered: number }[]>(
    `WITH present AS MATERIALIZED (SELECT c.id, c."optedOutAt" FROM "Contact" c WHERE ${sql}),
      fresh AS MATERIALIZED (
        SELECT present.id, present."optedOutAt", who."memberId" FROM present
        JOIN LATERAL (${follower}) who ON TRUE
        WHERE NOT EXISTS (SELECT 1 FROM "SeriesSeen" seen WHERE seen."seriesId" = $1::uuid AND seen."contactId" = present.id)),
      entered AS (
        INSERT INTO "SeriesRun" (id, "seriesId", "contactId", "memberId", state, steps, "endOnReply", step, "enteredAt", "nextAt")
        SELECT gen_random_uuid(), $1::uuid, id, "memberId", 'running', $4::jsonb, $5::boolean, 0, $2::timestamptz, $3::timestamptz
        FROM fresh WHERE "optedOutAt" IS NULL
        ON CONFLICT ("seriesId", "contactId") DO NOTHING RETURNING 1),
      noted AS (
        INSERT INTO "SeriesSeen" ("seriesId", "contactId") SELECT $1::uuid, id FROM fresh ON CONFLICT DO NOTHING),
      gone AS (
        DELETE FROM "SeriesSeen" seen WHERE seen."seriesId" = $1::uuid
          AND NOT EXISTS (SELECT 1 FROM present WHERE present.id = seen."contactId"))
    SELECT count(*)::int AS entered FROM entered`,
    ...own,
    ...values,
  );
  return row?.entered ?? 0;
}

/** Contacts who were added through the channel since the series began and are not in it; each to whom they came first. */
export async function listArrivals(
  tx: Db,
  { id, startedAt }: Pick<Series, 'id' | 'startedAt'>,
  channelId: string,
  limit: number,
): Promise<{ contactId: string; memberId: string; at: Date }[]> {
  return tx.$queryRaw<{ contactId: string; memberId: string; at: Date }[]>`
    SELECT DISTINCT ON (follow."contactId") follow."contactId", follow."memberId", follow."channelAt" AS at
    FROM "Channel" channel
    JOIN "Follow" follow ON follow.channel = channel.state AND follow.state = 'active' AND follow."channelAt" > ${startedAt}::timestamptz
    JOIN "Contact" contact ON contact.id = follow."contactId" AND contact.platform = channel.platform AND contact."optedOutAt" IS NULL
    JOIN "Member" member ON member.id = follow."memberId" AND member.status = 'active'
    WHERE channel.id = ${channelId}::uuid
      AND NOT EXISTS (SELECT 1 FROM "SeriesRun" run WHERE run."seriesId" = ${id}::uuid AND run."contactId" = follow."contactId")
    ORDER BY follow."contactId", follow."channelAt", follow.id LIMIT ${limit}`;
}

export async function markSwept(tx: Db, id: string, sweptAt: Date, sweptVersion: number | null): Promise<void> {
  // Not a change of the series itself: `updatedAt` and `version` stay.
  await tx.$executeRaw`
    UPDATE "Series" SET "sweptAt" = ${sweptAt}::timestamptz, "sweptVersion" = ${sweptVersion}::int WHERE id = ${id}::uuid`;
}

function toSeries(row: Row): Series {
  const { id, name, ownerId, endOnReply, version, updatedAt, startedAt, sweptAt, sweptVersion } = row;
  return {
    id,
    name,
    ownerId,
    endOnReply,
    version,
    updatedAt,
    startedAt,
    sweptAt,
    sweptVersion,
    state: row.state as SeriesState,
    entry: seriesEntry.parse(row.entry),
    steps: stepsOf(row.steps),
  };
}

export function stepsOf(steps: Prisma.JsonValue) {
  return seriesStep.array().parse(steps);
}
