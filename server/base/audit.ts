import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from './database.ts';

/** Writes who did or read what. `subject` is `customer:<id>`, `contact:<id>` …; never the value that was read. */
export async function recordAudit(
  db: Db,
  entry: { memberId: string | null; action: string; subject: string; detail?: Prisma.InputJsonObject },
): Promise<void> {
  await db.auditEntry.create({ data: { ...entry, detail: entry.detail ?? {} } });
}

/** As recordAudit, but once however often it is asked: an entry like it in every part is enough. Inside a transaction. */
export async function recordAuditOnce(
  tx: Db,
  entry: { memberId: string | null; action: string; subject: string; detail: Prisma.InputJsonObject },
): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`audit:${entry.subject}`}, 0))`;
  const recorded = await tx.auditEntry.count({ where: { ...entry, detail: { equals: entry.detail } } });
  if (recorded === 0) await recordAudit(tx, entry);
}

/** Oldest first. */
export async function listAudit(
  db: Db,
  subject: string,
): Promise<{ at: Date; memberId: string | null; action: string; detail: Record<string, unknown> }[]> {
  const rows = await db.auditEntry.findMany({ where: { subject }, orderBy: { id: 'asc' }, take: 500 });
  return rows.map(({ at, memberId, action, detail }) => ({
    at,
    memberId,
    action,
    detail: detail as Record<string, unknown>,
  }));
}
