import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from './database.ts';

/** Writes who did or read what. `subject` is `customer:<id>`, `contact:<id>` …; never the value that was read. */
export async function recordAudit(
  db: Db,
  entry: { memberId: string | null; action: string; subject: string; detail?: Prisma.InputJsonObject },
): Promise<void> {
  await db.auditEntry.create({ data: { ...entry, detail: entry.detail ?? {} } });
}
