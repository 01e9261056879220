import type { Db } from '#server/base/database.ts';

export interface Option {
  value: string | number;
  label: string;
}

const OPTIONS_MAX = 500;

export async function listTagOptions(db: Db): Promise<Option[]> {
  const rows = await db.tag.findMany({
    where: { deletedAt: null },
    orderBy: [{ order: 'desc' }, { name: 'asc' }, { id: 'asc' }],
    take: 2 * OPTIONS_MAX,
  });
  return rows.map(({ id, name, groupName }) => ({ value: id, label: groupName ? `${groupName} / ${name}` : name }));
}

/** Names alone: a name that two tags have stands for both. */
export async function listTagNames(db: Db): Promise<Option[]> {
  const rows = await db.tag.findMany({ where: { deletedAt: null }, orderBy: [{ order: 'desc' }, { id: 'asc' }] });
  return rows.map(({ id, name }) => ({ value: id, label: name }));
}

/** Members who left stay: contacts may still be theirs. */
export async function listMemberOptions(db: Db): Promise<Option[]> {
  const rows = await db.member.findMany({
    orderBy: [{ status: 'asc' }, { name: 'asc' }, { id: 'asc' }],
    take: 4 * OPTIONS_MAX,
    select: { id: true, name: true },
  });
  return rows.map(({ id, name }) => ({ value: id, label: name }));
}

/** By what comes back with a contact, which is what a follow remembers. */
export async function listChannelOptions(db: Db): Promise<Option[]> {
  const rows = await db.channel.findMany({ orderBy: { createdAt: 'desc' }, take: OPTIONS_MAX });
  return rows.map(({ state, name }) => ({ value: state, label: name }));
}

/** Those of which anything left. */
export async function listBroadcastOptions(db: Db): Promise<Option[]> {
  const rows = await db.broadcast.findMany({
    where: { frozenAt: { not: null } },
    orderBy: { updatedAt: 'desc' },
    take: OPTIONS_MAX,
    select: { id: true, name: true },
  });
  return rows.map(({ id, name }) => ({ value: id, label: name }));
}

export async function listListOptions(db: Db): Promise<Option[]> {
  const rows = await db.contactList.findMany({
    where: { removedAt: null },
    orderBy: { createdAt: 'desc' },
    take: OPTIONS_MAX,
  });
  return rows.map(({ id, name }) => ({ value: id, label: name }));
}

/** What is in use; SQL, because Prisma reads every row to find what is distinct. 80 ms among 1,000,000. */
export async function listSources(db: Db): Promise<Option[]> {
  const rows = await db.$queryRaw<{ value: string }[]>`
    SELECT DISTINCT source AS value FROM "Customer" WHERE source <> '' ORDER BY 1 LIMIT ${OPTIONS_MAX}`;
  return rows.map(({ value }) => ({ value, label: value }));
}

export async function listAddWays(db: Db): Promise<Option[]> {
  const rows = await db.$queryRaw<{ value: number }[]>`
    SELECT DISTINCT "addWay" AS value FROM "Follow" WHERE "addWay" IS NOT NULL ORDER BY 1 LIMIT ${OPTIONS_MAX}`;
  return rows.map(({ value }) => ({ value, label: String(value) }));
}
