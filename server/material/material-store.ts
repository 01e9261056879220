import type pg from 'pg';
import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { z } from 'zod';
import { materialContent, type materialDraft, type MaterialContent, type MaterialKind } from './material-api.ts';

export interface MaterialSource {
  id: string;
  title: string;
  content: MaterialContent;
  archivedAt: Date | null;
}

export interface Material extends MaterialSource {
  kind: MaterialKind;
  folder: string;
  tags: string[];
  fileId: string | null;
  createdBy: string;
  version: number;
  updatedAt: Date;
}

export type MaterialDraft = z.infer<typeof materialDraft>;

/** What messages copy, archived ones too. */
export async function listMaterialContents(db: Db, ids: readonly string[]): Promise<Map<string, MaterialSource>> {
  const rows = await db.material.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, title: true, content: true, archivedAt: true },
  });
  return new Map(rows.map((row) => [row.id, { ...row, content: materialContent.parse(row.content) }]));
}

export async function getMaterial(db: Db, id: string): Promise<Material> {
  const row = await db.material.findUnique({ where: { id } });
  if (!row) throw new Refusal('material.unknown', 'There is no such material.', 404);
  return toMaterial(row);
}

export async function insertMaterial(
  db: Db,
  draft: MaterialDraft,
  { createdBy, at }: { createdBy: string; at: Date },
): Promise<Material> {
  const row = await db.material.create({ data: { ...columnsOf(draft), createdBy, createdAt: at, updatedAt: at } });
  return toMaterial(row);
}

/** Null when it is no longer of this version. */
export async function changeMaterial(
  db: Db,
  { id, version }: { id: string; version: number },
  { archivedAt, updatedAt, ...draft }: Partial<MaterialDraft> & { archivedAt?: Date | null; updatedAt: Date },
): Promise<Material | null> {
  const [row] = await db.material.updateManyAndReturn({
    where: { id, version },
    data: {
      ...columnsOf(draft),
      ...(archivedAt === undefined ? {} : { archivedAt }),
      updatedAt,
      version: { increment: 1 },
    },
  });
  return row ? toMaterial(row) : null;
}

function columnsOf<Draft extends Partial<MaterialDraft>>(draft: Draft) {
  const { content } = draft;
  return {
    ...draft,
    ...(content ? { kind: content.kind, fileId: 'fileId' in content ? content.fileId : null } : {}),
  } as Draft & { kind: MaterialKind; fileId: string | null; content: Prisma.InputJsonObject };
}

export interface PagePoint {
  uses: number;
  updatedAt: Date;
  id: string;
}

export interface MaterialSearch {
  search?: string | undefined;
  kind?: MaterialKind | undefined;
  folder?: string | undefined;
  tag?: string | undefined;
  order: 'used' | 'changed';
  archived: boolean;
  after: PagePoint | null;
  limit: number;
  usedSince: Date;
}

export type CountedMaterial = Material & { uses: number };

/** SQL, for the order is that of a count the model cannot order by. */
export async function searchMaterials(pool: pg.Pool, search: MaterialSearch): Promise<CountedMaterial[]> {
  const values: unknown[] = [];
  const put = (value: unknown) => `$${values.push(value)}`;
  const uses = `(SELECT count(*)::int FROM "MaterialUse" use WHERE use."materialId" = material.id AND use.at >= ${put(search.usedSince)})`;
  const rules = [`(material."archivedAt" IS NOT NULL) = ${put(search.archived)}`];
  if (search.kind) rules.push(`material.kind = ${put(search.kind)}`);
  if (search.tag) rules.push(`${put(search.tag)} = ANY(material.tags)`);
  if (search.folder) {
    const below = `${escapeLike(search.folder)}/%`;
    rules.push(`(material.folder = ${put(search.folder)} OR material.folder LIKE ${put(below)})`);
  }
  if (search.search) {
    const like = put(`%${escapeLike(search.search)}%`);
    rules.push(
      `(material.title ILIKE ${like} OR material.content->>'text' ILIKE ${like} OR material.content->>'title' ILIKE ${like} OR array_to_string(material.tags, ' ') ILIKE ${like})`,
    );
  }
  const order = search.order === 'used' ? 'uses, "updatedAt", id' : '"updatedAt", id';
  if (search.after) {
    const { uses: count, updatedAt, id } = search.after;
    const point = [...(search.order === 'used' ? [`${put(count)}::int`] : []), `${put(updatedAt)}`, `${put(id)}::uuid`];
    rules.push(`(${order.replace('uses', uses)}) < (${point.join(', ')})`);
  }
  const { rows } = await pool.query<Parameters<typeof toMaterial>[0] & { uses: number }>(
    `SELECT material.*, ${uses} AS uses FROM "Material" material WHERE ${rules.join(' AND ')}
     ORDER BY ${order.replaceAll(',', ' DESC,')} DESC LIMIT ${put(search.limit)}`,
    values,
  );
  return rows.map((row) => ({ ...toMaterial(row), uses: row.uses }));
}

const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

export async function countMaterialUses(db: Db, id: string, since: Date): Promise<number> {
  return db.materialUse.count({ where: { materialId: id, at: { gte: since } } });
}

/** Of materials in the lists: how many each folder holds itself, and each tag. */
export async function countFolders(db: Db): Promise<{
  folders: { path: string; count: number }[];
  tags: { tag: string; count: number }[];
}> {
  const folders = await db.$queryRaw<{ path: string; count: number }[]>`
    SELECT folder AS path, count(*)::int AS count FROM "Material" WHERE "archivedAt" IS NULL GROUP BY folder ORDER BY folder`;
  const tags = await db.$queryRaw<{ tag: string; count: number }[]>`
    SELECT tag, count(*)::int AS count FROM "Material", unnest(tags) AS tag
    WHERE "archivedAt" IS NULL GROUP BY tag ORDER BY count DESC, tag`;
  return { folders, tags };
}

export type UsePlace = 'sidebar' | 'broadcast' | 'welcome' | 'series';

export async function insertUses(
  db: Db,
  uses: readonly { materialId: string; memberId: string | null; place: UsePlace; at: Date }[],
): Promise<void> {
  await db.materialUse.createMany({ data: [...uses] });
}

function toMaterial(row: Prisma.MaterialModel): Material {
  const { id, title, folder, tags, fileId, createdBy, version, updatedAt, archivedAt } = row;
  const content = materialContent.parse(row.content);
  return { id, kind: content.kind, title, content, folder, tags, fileId, createdBy, version, updatedAt, archivedAt };
}
