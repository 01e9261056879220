import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import type { Opportunity } from './opportunity.ts';
import { lockOpportunity, saveOpportunity } from './opportunity-store.ts';

/**
 * Those of the sales that are `from`'s become `to`'s; answers all that are `to`'s then, also those that were before.
 * Inside a transaction.
 */
export async function reassignOpportunities(
  tx: Db,
  cipher: FieldCipher,
  ids: readonly string[],
  { from, to, by, at }: { from: string; to: string; by: string; at: Date },
): Promise<Opportunity[]> {
  const taken: Opportunity[] = [];
  for (const id of ids.toSorted()) {
    const sale = await lockOpportunity(tx, cipher, id);
    if (sale?.ownerId === to) taken.push(sale);
    if (sale?.ownerId !== from) continue;
    const after = { ...sale, ownerId: to, version: sale.version + 1, updatedAt: at };
    const change = { field: 'ownerId' as const, before: from, after: to, at, memberId: by, approvalId: null };
    if (await saveOpportunity(tx, cipher, sale, after, [change])) taken.push(after);
  }
  return taken;
}
