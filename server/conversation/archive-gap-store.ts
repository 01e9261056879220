import type { ArchiveGap } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { nextAttemptAfter, type Hole } from './archive-gap.ts';

/** Open gaps whose time to be asked for has come, oldest first. */
export async function listDueGaps(db: Db, sourceId: string, now: Date, limit: number): Promise<ArchiveGap[]> {
  return db.archiveGap.findMany({
    where: { sourceId, state: 'open', OR: [{ nextAttemptAt: null }, { nextAttemptAt: { lte: now } }] },
    orderBy: { fromSeq: 'asc' },
    take: limit,
  });
}

export async function insertGaps(db: Db, sourceId: string, holes: Hole[], now: Date): Promise<void> {
  await db.archiveGap.createMany({
    data: holes.map(({ from, to, reason }) => ({
      sourceId,
      fromSeq: from,
      toSeq: to,
      reason,
      foundAt: now,
      nextAttemptAt: nextAttemptAfter(0, now),
    })),
    skipDuplicates: true,
  });
}

/** What is left of a gap after it was asked for again: nothing, itself, or pieces. Answers what is lost now. */
export async function settleGap(db: Db, gap: ArchiveGap, left: Hole[], now: Date): Promise<Hole[]> {
  if (left.length === 0) {
    await db.archiveGap.update({ where: { id: gap.id }, data: { state: 'filled', nextAttemptAt: null } });
    return [];
  }
  const attempts = gap.attempts + 1;
  const nextAttemptAt = nextAttemptAfter(attempts, now);
  await db.archiveGap.delete({ where: { id: gap.id } });
  await db.archiveGap.createMany({
    data: left.map(({ from, to, reason }) => ({
      sourceId: gap.sourceId,
      fromSeq: from,
      toSeq: to,
      reason,
      attempts,
      foundAt: gap.foundAt,
      state: nextAttemptAt ? 'open' : 'lost',
      nextAttemptAt,
    })),
  });
  return nextAttemptAt ? [] : left;
}

export async function countGaps(db: Db): Promise<Map<string, { open: number; lost: number }>> {
  const rows = await db.archiveGap.groupBy({ by: ['sourceId', 'state'], _count: true });
  const counts = new Map<string, { open: number; lost: number }>();
  for (const { sourceId, state, _count } of rows) {
    const count = counts.get(sourceId) ?? { open: 0, lost: 0 };
    if (state === 'open' || state === 'lost') count[state] += _count;
    counts.set(sourceId, count);
  }
  return counts;
}

async function hasOpenGaps(db: Db, sourceId: string): Promise<boolean> {
  return (await db.archiveGap.findFirst({ where: { sourceId, state: 'open' }, select: { id: true } })) !== null;
}

/** Recalls of messages a gap may still bring. Without gaps they recall what we do not keep and are forgotten. */
export async function keepEarlyRecalls(db: Db, sourceId: string, recalls: { key: string; at: Date }[]): Promise<void> {
  if (!(await hasOpenGaps(db, sourceId))) {
    await db.earlyRecall.deleteMany({ where: { sourceId } });
    return;
  }
  await db.earlyRecall.createMany({ data: recalls.map((recall) => ({ sourceId, ...recall })), skipDuplicates: true });
}

export async function listEarlyRecalls(db: Db, sourceId: string, keys: string[]): Promise<{ key: string; at: Date }[]> {
  return db.earlyRecall.findMany({ where: { sourceId, key: { in: keys } }, select: { key: true, at: true } });
}
