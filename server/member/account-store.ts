import { randomUUID } from 'node:crypto';
import type { MemberIdentity, Prisma } from '#prisma/client/client.ts';
import type { Role } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { Account, Candidate, Hashes, JoinReason } from './account.ts';
import { memberColumns, moveStatements } from './member-columns.ts';

export async function findAccount(db: Db, platform: string, key: PlatformKey): Promise<Account | null> {
  const row = await db.memberIdentity.findUnique({ where: { platform_key: { platform, key } } });
  return row && toAccount(row);
}

export async function listAccountsOf(db: Db, memberIds: readonly string[]): Promise<Account[]> {
  const rows = await db.memberIdentity.findMany({
    where: { memberId: { in: [...memberIds] } },
    orderBy: [{ platform: 'asc' }, { key: 'asc' }],
  });
  return rows.map(toAccount);
}

/** Active members without an account on `platform`, by the accounts they have elsewhere that carry one of these hashes. */
export async function listCandidates(db: Db, platform: string, hashes: readonly Hashes[]): Promise<Candidate[]> {
  const of = (pick: (one: Hashes) => string | null) => ({
    in: [...new Set(hashes.map(pick))].filter((hash) => hash !== null),
  });
  const rows = await db.memberIdentity.findMany({
    where: {
      platform: { not: platform },
      leftAt: null,
      joinedBy: { not: 'apart' satisfies JoinReason },
      OR: [{ phoneHash: of(({ phoneHash }) => phoneHash) }, { emailHash: of(({ emailHash }) => emailHash) }],
      member: { status: 'active', identities: { none: { platform, leftAt: null } } },
    },
    select: { memberId: true, phoneHash: true, emailHash: true, member: { select: { role: true } } },
  });
  return rows.map(({ member, ...row }) => ({ ...row, role: member.role as Role }));
}

export interface AccountColumns extends Hashes {
  key: PlatformKey;
  memberId: string;
  name: string;
  joinedBy: JoinReason;
  leftAt: Date | null;
}

/** Writes accounts as they were seen just now. A hash the platform does not show any more is kept. */
export async function saveAccounts(
  db: Db,
  platform: string,
  accounts: readonly AccountColumns[],
  at: Date,
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO "MemberIdentity" AS known
      (platform, key, "memberId", name, "joinedBy", "leftAt", "phoneHash", "emailHash", "syncedAt")
    SELECT ${platform}, seen.key, seen."memberId", seen.name, seen."joinedBy", seen."leftAt", seen."phoneHash", seen."emailHash", ${at}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(accounts)}::jsonb) AS seen
      (key text, "memberId" uuid, name text, "joinedBy" text, "leftAt" timestamptz, "phoneHash" text, "emailHash" text)
    ON CONFLICT (platform, key) DO UPDATE SET name = excluded.name, "leftAt" = excluded."leftAt", "syncedAt" = excluded."syncedAt",
      "phoneHash" = coalesce(excluded."phoneHash", known."phoneHash"), "emailHash" = coalesce(excluded."emailHash", known."emailHash")`;
}

export async function saveAccountLeft(db: Db, platform: string, key: PlatformKey, leftAt: Date): Promise<void> {
  await db.memberIdentity.update({ where: { platform_key: { platform, key } }, data: { leftAt } });
}

export async function saveAccountMember(
  db: Db,
  { platform, key }: Pick<Account, 'platform' | 'key'>,
  change: { memberId: string; joinedBy: JoinReason; cameFrom: string | null },
): Promise<void> {
  await db.memberIdentity.update({ where: { platform_key: { platform, key } }, data: change });
}

/** Of these members, those who follow contacts on the platform. */
export async function listMembersWithContacts(
  db: Db,
  platforms: readonly string[],
  memberIds: readonly string[],
): Promise<{ memberId: string; platform: string }[]> {
  if (memberIds.length === 0 || platforms.length === 0) return [];
  return db.$queryRaw<{ memberId: string; platform: string }[]>`
    SELECT DISTINCT follow."memberId", contact.platform FROM "Follow" follow JOIN "Contact" contact ON contact.id = follow."contactId"
    WHERE follow."memberId" = ANY(${[...memberIds]}::uuid[]) AND follow.state = 'active' AND contact.platform = ANY(${[...platforms]})`;
}

/** Members whose role somebody gave them, in contrast to what was guessed. */
export async function listGivenRoles(db: Db, memberIds: readonly string[]): Promise<Set<string>> {
  if (memberIds.length === 0) return new Set();
  const entries = await db.auditEntry.findMany({
    where: {
      subject: { in: memberIds.map((id) => `member:${id}`) },
      action: { in: ['member.role.changed', 'member.first_admin'] },
    },
    select: { subject: true },
  });
  return new Set(entries.map(({ subject }) => subject.slice('member:'.length)));
}

export async function insertBareMember(db: Db, name: string, at: Date): Promise<string> {
  const id = randomUUID();
  await db.member.create({ data: { id, name, createdAt: at } });
  return id;
}

export interface AccountPage {
  platform?: string | undefined;
  search?: string | undefined;
  /** Only accounts of members who are not known on each of these. */
  missingOn?: readonly string[] | undefined;
  after: { name: string; platform: string; key: string } | null;
  limit: number;
}

/** Accounts the platforms know, by name. */
export async function pageAccounts(db: Db, page: AccountPage): Promise<Account[]> {
  const { platform, search, missingOn, after, limit } = page;
  const rows = await db.memberIdentity.findMany({
    where: {
      leftAt: null,
      platform,
      ...(search ? { name: { contains: search.replace(/[\\%_]/g, '\\$&'), mode: 'insensitive' as const } } : {}),
      ...(missingOn ? { OR: missingOn.map(lackingOn) } : {}),
      AND: after ? [afterPoint(after)] : [],
    },
    orderBy: [{ name: 'asc' }, { platform: 'asc' }, { key: 'asc' }],
    take: limit,
  });
  return rows.map(toAccount);
}

const lackingOn = (platform: string): Prisma.MemberIdentityWhereInput => ({
  member: { identities: { none: { platform, leftAt: null } } },
});

const afterPoint = ({ name, platform, key }: NonNullable<AccountPage['after']>): Prisma.MemberIdentityWhereInput => ({
  OR: [{ name: { gt: name } }, { name, platform: { gt: platform } }, { name, platform, key: { gt: key } }],
});

/** Active members who might have an account on `platform` under one of these hashes or names, and have none. */
export async function listLikeAccounts(db: Db, platform: string, accounts: readonly Account[]): Promise<Account[]> {
  const rows = await db.memberIdentity.findMany({
    where: {
      platform: { not: platform },
      leftAt: null,
      OR: [
        { phoneHash: { in: accounts.flatMap(({ phoneHash }) => phoneHash ?? []) } },
        { emailHash: { in: accounts.flatMap(({ emailHash }) => emailHash ?? []) } },
        { name: { in: accounts.flatMap(({ name }) => (name === '' ? [] : [name])) } },
      ],
      member: { status: 'active', identities: { none: { platform, leftAt: null } } },
    },
    orderBy: [{ platform: 'asc' }, { key: 'asc' }],
    take: 500,
  });
  return rows.map(toAccount);
}

/** Accounts of different members that carry the same hash, on different platforms. */
export async function listTwins(db: Db): Promise<(Account & { role: Role; memberSince: Date })[]> {
  const rows = await db.$queryRaw<(MemberIdentity & { role: Role; memberSince: Date })[]>`
    SELECT account.*, member.role, member."createdAt" AS "memberSince" FROM "MemberIdentity" account
    JOIN "Member" member ON member.id = account."memberId" AND member.status = 'active'
    WHERE account."leftAt" IS NULL AND account."joinedBy" <> 'apart' AND EXISTS (
      SELECT 1 FROM "MemberIdentity" twin JOIN "Member" other ON other.id = twin."memberId" AND other.status = 'active'
      WHERE twin.platform <> account.platform AND twin."memberId" <> account."memberId" AND twin."leftAt" IS NULL
        AND twin."joinedBy" <> 'apart'
        AND (twin."phoneHash" = account."phoneHash" OR twin."emailHash" = account."emailHash"))
    ORDER BY member."createdAt", account.platform, account.key`;
  return rows.map((row) => ({ ...toAccount(row), role: row.role, memberSince: row.memberSince }));
}

/** Whatever names the one names the other from now on. Inside a transaction that holds the accounts. */
export async function moveMember(tx: Db, from: string, to: string): Promise<void> {
  for (const statement of moveStatements()) await tx.$executeRawUnsafe(statement, from, to);
}

/** Whether a record that nobody rewrites names the member. */
export async function isInHistory(tx: Db, memberId: string): Promise<boolean> {
  const isNamed = memberColumns
    .filter(({ table, fate }) => fate === 'kept' && table !== 'MemberIdentity')
    .map(({ table, column }) => `EXISTS (SELECT 1 FROM "${table}" WHERE "${column}" = $1::uuid)`);
  const asSubject = `EXISTS (SELECT 1 FROM "AuditEntry" WHERE subject = 'member:' || $1)`;
  const [row] = await tx.$queryRawUnsafe<{ named: boolean }[]>(
    `SELECT ${[...isNamed, asSubject].join(' OR ')} AS named`,
    memberId,
  );
  return row?.named ?? false;
}

/** One whom nothing names any more. */
export async function deleteMember(tx: Db, memberId: string): Promise<void> {
  await tx.member.delete({ where: { id: memberId } });
}

/** What an account brings with it, as its platform sees it: departments, contacts and what was said with them. */
export async function moveAccountPlaces(tx: Db, platform: string, from: string, to: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE "DepartmentMember" SET "memberId" = ${to}::uuid WHERE "memberId" = ${from}::uuid
      AND "departmentId" IN (SELECT id FROM "Department" WHERE platform = ${platform})`;
  await tx.$executeRaw`
    UPDATE "Follow" SET "memberId" = ${to}::uuid WHERE "memberId" = ${from}::uuid
      AND "contactId" IN (SELECT id FROM "Contact" WHERE platform = ${platform})`;
  await tx.$executeRaw`
    UPDATE "Conversation" SET "memberId" = ${to}::uuid WHERE "memberId" = ${from}::uuid
      AND "contactId" IN (SELECT id FROM "Contact" WHERE platform = ${platform})`;
}

function toAccount(row: MemberIdentity): Account {
  const { platform, key, memberId, name, phoneHash, emailHash, cameFrom, syncedAt, leftAt } = row;
  const joinedBy = row.joinedBy as JoinReason;
  return { platform, key, memberId, name, phoneHash, emailHash, joinedBy, cameFrom, syncedAt, leftAt };
}
