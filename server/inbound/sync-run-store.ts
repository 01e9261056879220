import { Prisma, type SyncRun as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { SyncKind, SyncRun } from './sync-run.ts';

export interface SyncProgress {
  cursor: unknown;
  /** Added to what was done before. */
  done: number;
  total: number | null;
  repaired: number;
}

/** Until the transaction ends, nobody else opens a run of this kind. */
export async function lockSyncKind(tx: Db, platform: string, kind: SyncKind): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`sync-run:${platform}:${kind}`}, 0))`;
}

export async function findLatestSyncRun(db: Db, platform: string, kind: SyncKind): Promise<SyncRun | null> {
  const row = await db.syncRun.findFirst({ where: { platform, kind }, orderBy: { id: 'desc' } });
  return row && toSyncRun(row);
}

export async function listSyncRuns(db: Db, limit: number): Promise<SyncRun[]> {
  const rows = await db.syncRun.findMany({ orderBy: { id: 'desc' }, take: limit });
  return rows.map(toSyncRun);
}

export async function insertSyncRun(db: Db, platform: string, kind: SyncKind, now: Date): Promise<SyncRun> {
  return toSyncRun(await db.syncRun.create({ data: { platform, kind, cursor: Prisma.JsonNull, startedAt: now } }));
}

export async function saveGoingOn(db: Db, id: string): Promise<SyncRun> {
  return toSyncRun(
    await db.syncRun.update({ where: { id }, data: { state: 'running', lastError: null, finishedAt: null } }),
  );
}

export async function saveSyncProgress(db: Db, id: string, progress: SyncProgress): Promise<SyncRun> {
  const { cursor, done, total, repaired } = progress;
  return toSyncRun(
    await db.syncRun.update({
      where: { id },
      data: { cursor: jsonOf(cursor), total, done: { increment: done }, repaired: { increment: repaired } },
    }),
  );
}

export async function saveSyncDone(db: Db, id: string, now: Date): Promise<SyncRun> {
  return toSyncRun(
    await db.syncRun.update({ where: { id }, data: { state: 'done', finishedAt: now, lastError: null } }),
  );
}

/** `startOver` forgets how far it came. */
export async function saveSyncFailed(
  db: Db,
  id: string,
  failure: { lastError: string; startOver: boolean; now: Date },
): Promise<SyncRun> {
  const { lastError, startOver, now } = failure;
  const forgotten = startOver ? { cursor: Prisma.JsonNull, done: 0 } : {};
  return toSyncRun(
    await db.syncRun.update({ where: { id }, data: { state: 'failed', finishedAt: now, lastError, ...forgotten } }),
  );
}

function jsonOf(cursor: unknown): Prisma.InputJsonValue | typeof Prisma.JsonNull {
  return cursor === null ? Prisma.JsonNull : (cursor as Prisma.InputJsonValue);
}

function toSyncRun(row: Row): SyncRun {
  return { ...row, kind: row.kind as SyncKind, state: row.state as SyncRun['state'] };
}
