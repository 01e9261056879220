import type { Db } from '#server/base/database.ts';

export async function listCopies(db: Db, approvalId: string): Promise<string[]> {
  const rows = await db.approvalCopy.findMany({ where: { approvalId }, orderBy: { memberId: 'asc' } });
  return rows.map(({ memberId }) => memberId);
}

export async function markCopyRead(db: Db, approvalId: string, memberId: string, now: Date): Promise<void> {
  await db.approvalCopy.updateMany({ where: { approvalId, memberId, readAt: null }, data: { readAt: now } });
}
