import type { ContactList } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { compileSegment } from './compile-segment.ts';
import { planSegment, scopeCondition } from './count-store.ts';
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
 * A list of those wanted whom the scope shows; answers how many there are, and how many were wanted and not taken. One
 * statement, also of a segment of a million.
 */
export async function insertList(
  tx: Db,
  scope: Scope,
  list: { name: string; createdBy: string; createdAt: Date },
  wanted: Wanted,
): Promise<{ list: ContactList; count: number; notTaken: number }> {
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
  return { list: row, count: taken, notTaken: unheardOf + known - taken };
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
