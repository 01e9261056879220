import type { Db } from '#server/base/database.ts';

/** One approval grants once. */
export async function insertFieldGrant(
  tx: Db,
  grant: { approvalId: string; memberId: string; customerId: string; field: string; expiresAt: Date },
): Promise<void> {
  await tx.fieldGrant.createMany({ data: [grant], skipDuplicates: true });
}

/** Until when the member may read the field, and by which approval; null when they were not granted it, or it is over. */
export async function findFieldGrant(
  db: Db,
  of: { memberId: string; customerId: string; field: string },
  now: Date,
): Promise<{ approvalId: string; expiresAt: Date } | null> {
  return db.fieldGrant.findFirst({ where: { ...of, expiresAt: { gt: now } }, orderBy: { expiresAt: 'desc' } });
}
