import type { Prisma, Segment as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { SegmentRule } from './segment-api.ts';
import { unknownSegment, type UsedBy } from './segment.ts';

export interface Segment extends Omit<Row, 'rule'> {
  rule: SegmentRule;
}
export interface SegmentDraft {
  name: string;
  description: string;
  rule: SegmentRule;
}

/** Last changed first. */
export async function listSegments(db: Db, search: string): Promise<Segment[]> {
  // Prisma passes % and _ on to LIKE as they are.
  const contains = search.replace(/[\\%_]/g, String.raw`\$&`);
  const rows = await db.segment.findMany({
    where: { removedAt: null, ...(search === '' ? {} : { name: { contains, mode: 'insensitive' } }) },
    orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
    take: 500,
  });
  return rows.map(toSegment);
}

/** Throws `segment.unknown`, too for one that was removed. */
export async function getSegment(db: Db, id: string): Promise<Segment> {
  const row = await db.segment.findFirst({ where: { id, removedAt: null } });
  if (!row) throw unknownSegment();
  return toSegment(row);
}

/** Until the transaction ends it is neither changed nor removed. Who begins to use a segment holds it so. */
export async function holdSegment(tx: Db, id: string): Promise<Segment> {
  await tx.$executeRaw`SELECT 1 FROM "Segment" WHERE id = ${id}::uuid FOR UPDATE`;
  return getSegment(tx, id);
}

/** Until the transaction ends nobody else gives a segment a name. */
export async function lockNames(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('segment-names', 0))`;
}

export async function hasName(db: Db, name: string, exceptId: string | null): Promise<boolean> {
  const found = await db.segment.count({
    where: { name, removedAt: null, ...(exceptId === null ? {} : { id: { not: exceptId } }) },
  });
  return found > 0;
}

export async function insertSegment(tx: Db, draft: SegmentDraft, memberId: string, at: Date): Promise<Segment> {
  const row = await tx.segment.create({
    data: { ...draft, rule: toJson(draft.rule), ownerId: memberId, createdAt: at, updatedAt: at },
  });
  await insertVersion(tx, row, memberId, at);
  return toSegment(row);
}

/** As another version; whoever calls holds the segment. What was counted of another rule is forgotten. */
export async function saveSegment(
  tx: Db,
  segment: Segment,
  draft: SegmentDraft,
  { memberId, at, isCountGood }: { memberId: string; at: Date; isCountGood: boolean },
): Promise<Segment> {
  const row = await tx.segment.update({
    where: { id: segment.id },
    data: {
      ...draft,
      rule: toJson(draft.rule),
      version: segment.version + 1,
      updatedAt: at,
      ...(isCountGood ? {} : { count: null, countBefore: null, countedAt: null }),
    },
  });
  await insertVersion(tx, row, memberId, at);
  return toSegment(row);
}

async function insertVersion(tx: Db, { id, version, name, rule }: Row, memberId: string, at: Date): Promise<void> {
  await tx.segmentVersion.create({
    data: { segmentId: id, version, name, rule: rule as Prisma.InputJsonValue, memberId, at },
  });
}

export async function saveRemoval(tx: Db, { id, updatedAt }: Segment, at: Date): Promise<void> {
  await tx.segment.update({ where: { id }, data: { removedAt: at, updatedAt } });
}

/** Of the rule as it is in `version`: a count of an older one is not kept. */
export async function saveCount(
  db: Db,
  { id, version, count: countBefore, updatedAt }: Segment,
  count: number,
  at: Date,
): Promise<void> {
  await db.segment.updateMany({
    where: { id, version, removedAt: null },
    data: { count, countBefore, countedAt: at, updatedAt },
  });
}

export interface Version {
  version: number;
  name: string;
  rule: SegmentRule;
  memberId: string;
  at: Date;
}

/** Newest first. */
export async function listVersions(db: Db, segmentId: string): Promise<Version[]> {
  const rows = await db.segmentVersion.findMany({ where: { segmentId }, orderBy: { version: 'desc' }, take: 200 });
  return rows.map((row) => ({ ...row, rule: row.rule as SegmentRule }));
}

/** By segment: broadcasts that are not over, and series that run or pause. */
export async function listUses(db: Db, segmentIds: readonly string[]): Promise<Map<string, UsedBy[]>> {
  const ids = [...segmentIds];
  const [broadcasts, series] = await Promise.all([
    db.broadcast.findMany({
      where: { segmentId: { in: ids }, state: { notIn: ['finished', 'cancelled'] } },
      select: { id: true, name: true, segmentId: true },
      orderBy: { id: 'asc' },
    }),
    db.$queryRaw<{ id: string; name: string; segmentId: string }[]>`
      SELECT id, name, entry ->> 'segmentId' AS "segmentId" FROM "Series"
      WHERE state IN ('running', 'paused') AND entry ->> 'segmentId' = ANY(${ids}::text[]) ORDER BY id`,
  ]);
  const uses = new Map<string, UsedBy[]>();
  const add = (kind: UsedBy['kind'], rows: { id: string; name: string; segmentId: string | null }[]) => {
    for (const { id, name, segmentId } of rows)
      uses.set(segmentId ?? '', [...(uses.get(segmentId ?? '') ?? []), { kind, id, name }]);
  };
  add('broadcast', broadcasts);
  add('series', series);
  return uses;
}

/** Every rule that is or may yet be asked: of the living segments, and as broadcasts that are not over have it. */
export async function listRulesInUse(db: Db): Promise<(UsedBy & { rule: SegmentRule })[]> {
  const [segments, broadcasts] = await Promise.all([
    db.segment.findMany({ where: { removedAt: null }, select: { id: true, name: true, rule: true } }),
    db.broadcast.findMany({
      where: { state: { notIn: ['finished', 'cancelled'] } },
      select: { id: true, name: true, rule: true },
    }),
  ]);
  return [
    ...segments.map(({ rule, ...row }) => ({ ...row, kind: 'segment' as const, rule: rule as SegmentRule })),
    ...broadcasts.flatMap(({ rule, ...row }) =>
      rule === null ? [] : [{ ...row, kind: 'broadcast' as const, rule: rule as SegmentRule }],
    ),
  ];
}

const toSegment = (row: Row): Segment => ({ ...row, rule: row.rule as SegmentRule });
const toJson = (rule: SegmentRule) => rule as unknown as Prisma.InputJsonObject;
