import type { CustomerField } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { CustomField } from './custom-field.ts';

export type FieldRow = Omit<CustomerField, 'archivedAt'>;

export async function listFieldRows(db: Db): Promise<FieldRow[]> {
  return db.customerField.findMany({
    where: { archivedAt: null },
    omit: { archivedAt: true },
    orderBy: [{ order: 'asc' }, { key: 'asc' }],
  });
}

export async function listFields(db: Db): Promise<CustomField[]> {
  const rows = await listFieldRows(db);
  return rows.map((row) => ({ ...row, type: row.type as CustomField['type'] }));
}

export async function findField(db: Db, key: string): Promise<CustomerField | null> {
  return db.customerField.findUnique({ where: { key } });
}

/** A field taken out of use comes back. */
export async function saveFieldRow(db: Db, row: FieldRow): Promise<FieldRow> {
  const { key, ...rest } = row;
  return db.customerField.upsert({
    where: { key },
    create: row,
    update: { ...rest, archivedAt: null },
    omit: { archivedAt: true },
  });
}

export async function archiveFieldRow(db: Db, key: string, at: Date): Promise<boolean> {
  const { count } = await db.customerField.updateMany({ where: { key, archivedAt: null }, data: { archivedAt: at } });
  return count > 0;
}

export async function hasFieldValues(db: Db, key: string): Promise<boolean> {
  const [row] = await db.$queryRaw<{ found: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM "Customer" WHERE jsonb_exists(custom, ${key})) AS found`;
  return row?.found ?? false;
}
