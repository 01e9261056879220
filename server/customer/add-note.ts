import type { CustomerNote } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { getCustomer, getNote, insertNote } from './customer-store.ts';

export async function addNote(
  deps: Deps,
  { memberId, scope }: Caller,
  { customerId, text, requestKey }: { customerId: string; text: string; requestKey?: string | undefined },
): Promise<CustomerNote> {
  await getCustomer(deps.db, scope, customerId);
  const asked = { memberId, requestKey, deed: 'customer.note', content: { customerId, text } };
  return once(deps, asked, {
    async first(take) {
      const note = { customerId, authorId: memberId, text, at: deps.now() };
      const made = await deps.db.$transaction((tx) => take(tx, () => insertNote(tx, note)));
      deps.live.publish(`customer.${customerId}`, { part: 'customer', customerId });
      return made;
    },
    again: (id) => getNote(deps.db, id),
  });
}
