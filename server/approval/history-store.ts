import type { ApprovalHistory } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import type { HistoryAction, HistoryEntry } from './approval.ts';

/** As written down, with the number it got. */
export type WrittenEntry = HistoryEntry & { id: bigint };

export async function insertHistory(
  tx: Db,
  cipher: FieldCipher,
  id: string,
  history: HistoryEntry[],
): Promise<WrittenEntry[]> {
  if (history.length === 0) return [];
  const rows = await tx.approvalHistory.createManyAndReturn({
    data: history.map(({ at, memberId, action, text, to, revision, attachmentId }) => ({
      approvalId: id,
      at,
      memberId,
      action,
      detail: {
        text: text === null ? null : cipher.encrypt(text),
        to,
        revision,
        ...(attachmentId ? { attachmentId } : {}),
      },
    })),
  });
  return rows.map((row) => ({ ...toEntry(cipher, row), id: row.id })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function listHistory(db: Db, cipher: FieldCipher, approvalId: string): Promise<HistoryEntry[]> {
  const rows = await db.approvalHistory.findMany({ where: { approvalId }, orderBy: { id: 'asc' } });
  return rows.map((row) => toEntry(cipher, row));
}

/** Whether the member asked for it, be it somebody else's request by now. */
export async function wasAskedBy(db: Db, approvalId: string, memberId: string): Promise<boolean> {
  const asked = { approvalId, memberId, action: 'requested' satisfies HistoryAction };
  return (await db.approvalHistory.count({ where: asked })) > 0;
}

/** Why each was rejected. */
export async function listVerdicts(db: Db, cipher: FieldCipher, ids: string[]): Promise<Map<string, string | null>> {
  const rows = await db.approvalHistory.findMany({ where: { approvalId: { in: ids }, action: 'rejected' } });
  return new Map(rows.map((row) => [row.approvalId, toEntry(cipher, row).text]));
}

function toEntry(cipher: FieldCipher, { at, memberId, action, detail }: ApprovalHistory): HistoryEntry {
  const { text, to, revision, attachmentId } = detail as unknown as Pick<
    HistoryEntry,
    'text' | 'to' | 'revision' | 'attachmentId'
  >;
  return {
    ...(attachmentId ? { attachmentId } : {}),
    at,
    memberId,
    action: action as HistoryAction,
    text: text === null ? null : cipher.decrypt(text),
    to,
    revision,
  };
}
