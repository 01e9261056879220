import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';

/** Kept for whoever handed the contact over; once, however often it is told. `memberId` is who should have taken it. */
export async function recordTransferFailed(
  deps: Deps,
  failed: { contactId: string; memberId: string; reason: string; at: string },
): Promise<void> {
  const { contactId, memberId, reason, at } = failed;
  const entry = { memberId, action: 'contact.transfer.failed', subject: `contact:${contactId}` };
  await deps.db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${entry.subject}, 0))`;
    const told = await tx.auditEntry.count({ where: { ...entry, detail: { equals: { reason, at } } } });
    if (told === 0) await recordAudit(tx, { ...entry, detail: { reason, at } });
  });
}
