import type { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { unknownContact, type Contact, type ContactFace } from './contact.ts';
import { followedStates } from './follow.ts';

/** Whoever holds it changes this contact and its follows alone, until the transaction ends. */
export async function lockContact(tx: Db, platform: string, key: PlatformKey): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`contact:${platform}:${key}`}, 0))`;
}

/** Which contacts a scope shows: those of its members, not those a member removed or handed over to a colleague. */
export function contactsIn(scope: Scope): Prisma.ContactWhereInput {
  if (scope.all) return {};
  return { follows: { some: { memberId: { in: [...scope.memberIds] }, state: { in: followedStates } } } };
}

/** Throws `contact.unknown`, too for a contact outside the scope: that it exists is not told. */
export async function getContactInScope(db: Db, scope: Scope, platform: string, key: PlatformKey): Promise<Contact> {
  const row = await db.contact.findFirst({ where: { platform, key, AND: contactsIn(scope) } });
  if (!row) throw unknownContact();
  return toContact(row);
}

/** As getContactInScope. */
export async function getContactByIdInScope(db: Db, scope: Scope, id: string): Promise<Contact> {
  const row = await db.contact.findFirst({ where: { id, AND: contactsIn(scope) } });
  if (!row) throw unknownContact();
  return toContact(row);
}

export async function isContactInScope(db: Db, scope: Scope, id: string): Promise<boolean> {
  return (await db.contact.count({ where: { id, AND: contactsIn(scope) } })) > 0;
}

/** Whoever it belongs to: for those who answer for all contacts. */
export async function getContactById(db: Db, id: string): Promise<Contact> {
  const row = await db.contact.findUnique({ where: { id } });
  if (!row) throw unknownContact();
  return toContact(row);
}

/** For jobs and events, which ask for nobody. */
export async function findContact(db: Db, platform: string, key: PlatformKey): Promise<Contact | null> {
  const row = await db.contact.findUnique({ where: { platform_key: { platform, key } } });
  return row && toContact(row);
}

export async function insertContact(
  db: Db,
  contact: { platform: string; key: PlatformKey; createdAt: Date; syncedAt: Date | null } & Partial<ContactFace>,
): Promise<Contact> {
  return toContact(await db.contact.create({ data: { name: '', ...contact } }));
}

export async function saveContact(db: Db, id: string, change: ContactFace & { syncedAt: Date }): Promise<void> {
  await db.contact.update({ where: { id }, data: change });
}

/** Null when something later was said on it. Whether it stands otherwise now than before is answered too. */
export async function saveOptOut(
  tx: Db,
  id: string,
  stand: Pick<Contact, 'optedOutAt' | 'optedOutBy'>,
  saidAt: Date,
): Promise<(Contact & { isChanged: boolean }) | null> {
  await tx.$executeRaw`SELECT 1 FROM "Contact" WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const row = await tx.contact.findUnique({ where: { id } });
  if (!row || (row.optSaidAt && row.optSaidAt >= saidAt)) return null;
  const isChanged = (row.optedOutAt === null) !== (stand.optedOutAt === null);
  await tx.contact.update({ where: { id }, data: { optSaidAt: saidAt, ...(isChanged ? stand : {}) } });
  return { ...toContact(row), isChanged };
}

function toContact(row: Prisma.ContactModel): Contact {
  return {
    ...row,
    type: row.type as Contact['type'],
    gender: row.gender as Contact['gender'],
    optedOutBy: row.optedOutBy as Contact['optedOutBy'],
  };
}
