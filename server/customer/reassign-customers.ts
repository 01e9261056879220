import type { Db } from '#server/base/database.ts';
import { insertChanges, listOwnedOf, saveOwner } from './customer-store.ts';

/**
 * Those of the customers that are `from`'s become `to`'s; answers all that are `to`'s then, also those that were before.
 * Inside a transaction. Screens and scores: `tellOfChange`, afterwards.
 */
export async function reassignCustomers(
  tx: Db,
  ids: readonly string[],
  { from, to, by, at }: { from: string; to: string; by: string; at: Date },
): Promise<string[]> {
  const moved = await saveOwner(tx, ids, { from, to }, at);
  await insertChanges(
    tx,
    moved.map(({ id, version }) => ({
      customerId: id,
      version,
      memberId: by,
      at,
      field: 'ownerId',
      before: from,
      after: to,
    })),
  );
  return listOwnedOf(tx, ids, to);
}
