import type pg from 'pg';
import type { ContactList } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { compileSegment } from './compile-segment.ts';
import { askReadOnly, planSegment, scopeCondition } from './count-store.ts';
import type { SegmentRule } from './segment-api.ts';
import { unknownList } from './segment.ts';

export interface ListRow extends ContactList {
  count: number;
}

/** Newest first. */
export async function listLists(db: Db): Promise<ListRow[]> {
  const rows = await db.contactList.findMany({
    where: { removedAt: null },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: 500,
    include: { _count: { select: { entries: true } } },
  });
  return rows.map(({ _count, ...row }) => ({ ...row, count: _count.entries }));
}

/** One that is not removed. */
export async function getList(db: Db, id: string): Promise<ListRow> {
  const found = await db.contactList.findFirst({
    where: { id, removedAt: null },
    include: { _count: { select: { entries: true } } },
  });
  if (!found) throw unknownList();
  const { _count, ...row } = found;
  return { ...row, count: _count.entries };
}

/** Until the transaction ends it is not removed. */
export async function holdList(tx: Db, id: string): Promise<ContactList> {
  await tx.$executeRaw`SELECT 1 FROM "ContactList" WHERE id = ${id}::uuid FOR UPDATE`;
  const row = await tx.contactList.findFirst({ where: { id, removedAt: null } });
  if (!row) throw unknownList();
  return row;
}

/** Whom to take. */
export interface Wanted {
  contactIds: readonly string[];
  keys: { platform: string; keys: readonly string[] } | null;
  rule: SegmentRule | null;
}

const MS_MAX = 60_000;

/**
 * A list of those wanted whom the scope shows, with how many there are and how many were wanted and not taken. One
 * statement, also of a segment of a million.
 */
export async function insertList(
  tx: Db,
  scope: Scope,
  list: { name: string; createdBy: string; createdAt: Date },
  wanted: Wanted,
): Promise<ListRow> {
  const row = await tx.contactList.create({ data: list });
  const ids = [...new Set(wanted.contactIds)];
  const keys = [...new Set(wanted.keys?.keys)];
  const values: unknown[] = [row.id, list.createdAt, ids, wanted.keys?.platform ?? '', keys];
  const segment = wanted.rule && compileSegmentAfter(wanted.rule, values, list.createdAt);
  const inScope = scopeCondition(scope, 'wanted.id', values.length + 1);
  values.push(...inScope.values);
  await planSegment(tx, MS_MAX);
  const [counted] = await tx.$queryRawUnsafe<{ taken: number; known: number; named: number }[]>(
    `WITH named AS (
       SELECT c.id FROM "Contact" c WHERE c.id = ANY($3::uuid[])
       UNION ALL SELECT c.id FROM "Contact" c WHERE c.platform = $4::text AND c.key = ANY($5::text[])
     ), wanted AS (SELECT id FROM named${segment ? ` UNION ${segment}` : ' UNION SELECT id FROM named'}),
     taken AS (
       INSERT INTO "ContactListEntry" ("listId", "contactId", at) SELECT $1::uuid, wanted.id, $2::timestamptz FROM wanted
       WHERE ${inScope.sql} RETURNING 1)
     SELECT (SELECT count(*) FROM taken)::int AS taken, (SELECT count(*) FROM wanted)::int AS known,
       (SELECT count(*) FROM named)::int AS named`,
    ...values,
  );
  const { taken = 0, known = 0, named = 0 } = counted ?? {};
  const unheardOf = ids.length + keys.length - named;
  const notTaken = unheardOf + known - taken;
  return { ...(await tx.contactList.update({ where: { id: row.id }, data: { notTaken } })), count: taken };
}

/** Lower case all of them, but for the hashes. */
export interface MeantTexts {
  ids: readonly string[];
  keys: readonly string[];
  names: readonly string[];
  phoneHashes: readonly string[];
}

/**
 * Contacts inside the scope by what they are meant by: `name 王小明`, `phone <hash>` … A name is the contact's own, or what
 * a member who follows it in the scope calls it; a phone number is one that such a member noted.
 */
export async function listMeant(pool: pg.Pool, scope: Scope, texts: MeantTexts): Promise<Map<string, Set<string>>> {
  const lower = (said: readonly string[]) => said.map((one) => one.toLowerCase());
  const values: unknown[] = [lower(texts.ids), texts.keys, lower(texts.names), texts.phoneHashes];
  const inScope = scopeCondition(scope, 'c.id', values.length + 1);
  const follows = `f.state = 'active' AND ${scope.all ? 'TRUE' : `f."memberId" = ANY($${values.length + 1}::uuid[])`}`;
  const rows = await askReadOnly<{ by: string; said: string; id: string }>(
    pool,
    `WITH meant AS (
       SELECT 'id' AS by, c.id::text AS said, c.id FROM "Contact" c WHERE c.id = ANY($1::uuid[])
       UNION ALL SELECT 'key', lower(c.key), c.id FROM "Contact" c WHERE c.key = ANY($2::text[])
       UNION ALL SELECT 'name', lower(c.name), c.id FROM "Contact" c WHERE lower(c.name) = ANY($3::text[])
       UNION ALL SELECT 'name', lower(f.remark), f."contactId" FROM "Follow" f WHERE lower(f.remark) = ANY($3::text[]) AND ${follows}
       UNION ALL SELECT 'phone', hash, f."contactId" FROM "Follow" f, unnest(f."phoneHashes") hash
         WHERE f."phoneHashes" && $4::text[] AND hash = ANY($4::text[]) AND ${follows})
     SELECT DISTINCT meant.by, meant.said, c.id FROM meant JOIN "Contact" c ON c.id = meant.id WHERE ${inScope.sql}`,
    [...values, ...inScope.values],
    MS_MAX,
  );
  const found = new Map<string, Set<string>>();
  for (const { by, said, id } of rows) {
    const place = `${by} ${said}`;
    found.set(place, (found.get(place) ?? new Set()).add(id));
  }
  return found;
}

function compileSegmentAfter(rule: SegmentRule, values: unknown[], now: Date): string {
  const compiled = compileSegment(rule, { now, firstParam: values.length + 1 });
  values.push(...compiled.values);
  return compiled.text;
}

/** Its name stays for whoever reads the history; who was on it does not. */
export async function saveListRemoval(tx: Db, id: string, at: Date): Promise<void> {
  await tx.contactListEntry.deleteMany({ where: { listId: id } });
  await tx.contactList.update({ where: { id }, data: { removedAt: at } });
}
