import type { Db } from '#server/base/database.ts';
import type { Role } from '#server/base/caller.ts';

export interface StoredSession {
  platform: string;
  expiresAt: Date;
  member: { id: string; name: string; role: Role; status: 'active' | 'left' };
}

export async function findSession(db: Db, tokenHash: string): Promise<StoredSession | null> {
  const row = await db.session.findUnique({ where: { tokenHash }, include: { member: true } });
  if (!row) return null;
  const { id, name, role, status } = row.member;
  return {
    platform: row.platform,
    expiresAt: row.expiresAt,
    member: { id, name, role: role as Role, status: status as 'active' | 'left' },
  };
}

export async function insertSession(
  db: Db,
  session: { tokenHash: string; memberId: string; platform: string; createdAt: Date; expiresAt: Date },
): Promise<void> {
  await db.session.create({ data: session });
}

export async function deleteSession(db: Db, tokenHash: string): Promise<void> {
  await db.session.deleteMany({ where: { tokenHash } });
}

/** Only those opened on `platform`, where one is given. */
export async function deleteSessionsOf(db: Db, memberId: string, platform?: string): Promise<void> {
  await db.session.deleteMany({ where: { memberId, platform } });
}

export async function deleteEndedSessions(db: Db, now: Date): Promise<void> {
  await db.session.deleteMany({ where: { expiresAt: { lte: now } } });
}
