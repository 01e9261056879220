import { randomUUID } from 'node:crypto';
import type { Prisma } from '#prisma/client/client.ts';
import type { Role, Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { unknownMember, type Member } from './member.ts';

export interface MemberAccount {
  key: PlatformKey;
  syncedAt: Date;
  member: Member;
}

const withDepartments = { departments: { include: { department: true } } } satisfies Prisma.MemberInclude;
type Row = Prisma.MemberGetPayload<{ include: typeof withDepartments }>;

/** Whoever holds it changes the accounts of this platform alone. */
export async function lockMembers(tx: Db, platform: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`members:${platform}`}, 0))`;
}

/** Until the transaction ends, nobody changes the member. */
export async function lockMember(tx: Db, id: string): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM "Member" WHERE id = ${id}::uuid FOR UPDATE`;
}

/** Whatever their scope: for the caller's own record. */
export async function getMember(db: Db, id: string): Promise<Member> {
  const row = await db.member.findUnique({ where: { id }, include: withDepartments });
  if (!row) throw unknownMember();
  return toMember(row);
}

export async function listFullMembers(db: Db, ids: readonly string[]): Promise<Map<string, Member>> {
  const rows = await db.member.findMany({ where: { id: { in: [...ids] } }, include: withDepartments });
  return new Map(rows.map((row) => [row.id, toMember(row)]));
}

export async function listMembers(db: Db, scope: Scope, search: string): Promise<Member[]> {
  const rows = await db.member.findMany({
    where: {
      status: 'active',
      ...(scope.all ? {} : { id: { in: [...scope.memberIds] } }),
      ...(search ? { name: { contains: search, mode: 'insensitive' } } : {}),
    },
    include: withDepartments,
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
    take: 200,
  });
  return rows.map(toMember);
}

/** Of whoever is asked for, left or not: a name in a history stays readable. */
export async function listMemberNames(db: Db, ids: (string | null)[]): Promise<Map<string, string>> {
  const known = [...new Set(ids)].filter((id) => id !== null);
  const members = await db.member.findMany({ where: { id: { in: known } }, select: { id: true, name: true } });
  return new Map(members.map(({ id, name }) => [id, name]));
}

/** The language of each. */
export async function listLocales(db: Db, ids: string[]): Promise<Map<string, string>> {
  const members = await db.member.findMany({ where: { id: { in: ids } }, select: { id: true, locale: true } });
  return new Map(members.map(({ id, locale }) => [id, locale]));
}

/** Everyone in scope who works here: by whom a record may be owned. */
export async function listPossibleOwners(db: Db, scope: Scope): Promise<{ id: string; name: string }[]> {
  return db.member.findMany({
    where: { status: 'active', ...(scope.all ? {} : { id: { in: [...scope.memberIds] } }) },
    select: { id: true, name: true },
  });
}

export async function isActiveMember(db: Db, id: string): Promise<boolean> {
  return (await db.member.count({ where: { id, status: 'active' } })) > 0;
}

export async function findMemberByKey(db: Db, platform: string, key: PlatformKey): Promise<Member | null> {
  const [account] = await listAccounts(db, platform, [key]);
  return account?.member ?? null;
}

export async function listAccounts(db: Db, platform: string, keys: readonly PlatformKey[]): Promise<MemberAccount[]> {
  const rows = await db.memberIdentity.findMany({
    where: { platform, key: { in: [...keys] } },
    include: { member: { include: withDepartments } },
  });
  return rows.map(({ key, syncedAt, member }) => ({ key, syncedAt, member: toMember(member) }));
}

/** The member's account on `platform`; null when they have none there. */
export async function findAccountKey(db: Db, platform: string, memberId: string): Promise<PlatformKey | null> {
  const row = await db.memberIdentity.findFirst({ where: { platform, memberId, leftAt: null } });
  return row?.key ?? null;
}

/** Every account of active members. */
export async function findAccounts(
  db: Db,
  memberIds: readonly string[],
): Promise<{ memberId: string; platform: string; key: PlatformKey }[]> {
  return db.memberIdentity.findMany({
    where: { memberId: { in: [...memberIds] }, leftAt: null, member: { status: 'active' } },
    select: { memberId: true, platform: true, key: true },
  });
}

/** Every account of these members, those of who left there too: theirs is what is handed over. */
export async function listAccountsOf(
  db: Db,
  memberIds: readonly string[],
): Promise<{ memberId: string; platform: string; key: PlatformKey; leftAt: Date | null }[]> {
  return db.memberIdentity.findMany({
    where: { memberId: { in: [...memberIds] } },
    select: { memberId: true, platform: true, key: true, leftAt: true },
  });
}

export async function listActiveIds(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.member.findMany({ where: { id: { in: [...ids] }, status: 'active' }, select: { id: true } });
  return new Set(rows.map(({ id }) => id));
}

/** Keys of accounts last seen before `before` that have not left. */
export async function listUnseenKeys(db: Db, platform: string, before: Date, limit: number): Promise<PlatformKey[]> {
  const rows = await db.memberIdentity.findMany({
    where: { platform, syncedAt: { lt: before }, leftAt: null },
    orderBy: { key: 'asc' },
    take: limit,
  });
  return rows.map(({ key }) => key);
}

/** How many of these were seen since then. */
export async function countSeen(db: Db, platform: string, keys: readonly PlatformKey[], since: Date): Promise<number> {
  return db.memberIdentity.count({ where: { platform, key: { in: [...keys] }, syncedAt: { gte: since } } });
}

export async function countAccounts(db: Db, platform: string): Promise<number> {
  return db.memberIdentity.count({ where: { platform, leftAt: null } });
}

/** Answers their ids by key. */
export async function insertMembers(
  db: Db,
  members: (Pick<Member, 'name' | 'role' | 'position' | 'avatar' | 'status'> & { key: PlatformKey })[],
  at: Date,
): Promise<Map<PlatformKey, string>> {
  const rows = members.map(({ key, ...member }) => ({ key, member: { ...member, id: randomUUID() } }));
  await db.member.createMany({
    data: rows.map(({ member }) => ({ ...member, createdAt: at, leftAt: member.status === 'left' ? at : null })),
  });
  return new Map(rows.map(({ key, member }) => [key, member.id]));
}

export async function listMembersById(
  db: Db,
  ids: readonly string[],
): Promise<Pick<Member, 'id' | 'role' | 'status'>[]> {
  const rows = await db.member.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, role: true, status: true },
  });
  return rows.map(({ id, role, status }) => ({ id, role: role as Role, status: status as Member['status'] }));
}

/** What many members are called and look like, in one statement. */
export async function saveProfiles(
  db: Db,
  profiles: readonly Pick<Member, 'id' | 'name' | 'position' | 'avatar'>[],
): Promise<void> {
  if (profiles.length === 0) return;
  await db.$executeRaw`
    UPDATE "Member" member SET name = shown.name, position = shown.position, avatar = shown.avatar
    FROM jsonb_to_recordset(${JSON.stringify(profiles)}::jsonb) AS shown (id uuid, name text, position text, avatar text)
    WHERE member.id = shown.id`;
}

export async function saveMember(
  db: Db,
  id: string,
  change: { name?: string; position?: string | null; avatar?: string | null; role?: Role },
): Promise<void> {
  await db.member.update({ where: { id }, data: change });
}

export async function saveMemberStatus(db: Db, id: string, status: Member['status'], at: Date): Promise<void> {
  await db.member.update({ where: { id }, data: { status, leftAt: status === 'left' ? at : null } });
}

export async function saveAccountKey(db: Db, platform: string, from: PlatformKey, to: PlatformKey): Promise<void> {
  await db.memberIdentity.update({ where: { platform_key: { platform, key: from } }, data: { key: to } });
}

export async function countActiveAdmins(db: Db): Promise<number> {
  return db.member.count({ where: { role: 'admin', status: 'active' } });
}

/** Whether anyone ever was admin, members who left included. */
export async function hadAdmin(db: Db): Promise<boolean> {
  return (await db.member.count({ where: { role: 'admin' } })) > 0;
}

/** One at a time: who may be admin is decided on what the table says now. */
export async function lockAdmins(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('members:admins', 0))`;
}

function toMember(row: Row): Member {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    status: row.status as Member['status'],
    position: row.position,
    avatar: row.avatar,
    locale: row.locale,
    departments: row.departments
      .map(({ department }) => ({ id: department.id, name: department.name }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
