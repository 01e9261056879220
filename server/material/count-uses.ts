import type { Db } from '#server/base/database.ts';
import type { ResolvedContent } from './message-content.ts';
import { insertUses, type UsePlace } from './material-store.ts';

/** Each material of a message that went out was used once. */
export async function countUses(
  db: Db,
  { attachments }: ResolvedContent,
  use: { memberId: string | null; place: UsePlace; at: Date },
): Promise<void> {
  const ids = new Set(attachments.flatMap(({ materialId }) => (materialId ? [materialId] : [])));
  await insertUses(
    db,
    [...ids].map((materialId) => ({ materialId, ...use })),
  );
}
