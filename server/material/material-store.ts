import type { Db } from '#server/base/database.ts';
import { materialContent, type MaterialContent } from './material-api.ts';

export interface MaterialSource {
  id: string;
  title: string;
  content: MaterialContent;
  archivedAt: Date | null;
}

/** What messages copy, archived ones too. */
export async function listMaterialContents(db: Db, ids: readonly string[]): Promise<Map<string, MaterialSource>> {
  const rows = await db.material.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, title: true, content: true, archivedAt: true },
  });
  return new Map(rows.map((row) => [row.id, { ...row, content: materialContent.parse(row.content) }]));
}

export type UsePlace = 'sidebar' | 'broadcast' | 'welcome' | 'series';

export async function insertUses(
  db: Db,
  uses: readonly { materialId: string; memberId: string | null; place: UsePlace; at: Date }[],
): Promise<void> {
  await db.materialUse.createMany({ data: [...uses] });
}
