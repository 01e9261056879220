import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';

export interface Attachment {
  id: string;
  name: string;
  type: string;
  bytes: number;
}

export async function insertAttachment(
  tx: Db,
  cipher: FieldCipher,
  file: Attachment & { approvalId: string; base64: string; addedBy: string; at: Date },
): Promise<void> {
  const { base64, ...columns } = file;
  await tx.approvalAttachment.create({ data: { ...columns, content: cipher.encrypt(base64) } });
}

export async function listAttachments(db: Db, approvalId: string): Promise<Attachment[]> {
  return db.approvalAttachment.findMany({
    where: { approvalId },
    orderBy: { id: 'asc' },
    select: { id: true, name: true, type: true, bytes: true },
  });
}

export async function findAttachment(
  db: Db,
  cipher: FieldCipher,
  of: { approvalId: string; id: string },
): Promise<(Attachment & { base64: string }) | null> {
  const row = await db.approvalAttachment.findFirst({ where: of });
  return row && { id: row.id, name: row.name, type: row.type, bytes: row.bytes, base64: cipher.decrypt(row.content) };
}

export async function countAttachmentsOf(db: Db, approvalId: string): Promise<number> {
  return db.approvalAttachment.count({ where: { approvalId } });
}

/** By approval; one without any is not there. */
export async function countAttachments(db: Db, ids: string[]): Promise<Map<string, number>> {
  const rows = await db.approvalAttachment.groupBy({
    by: ['approvalId'],
    where: { approvalId: { in: ids } },
    _count: { _all: true },
  });
  return new Map(rows.map((row) => [row.approvalId, row._count._all]));
}
