import type { Deps } from '#server/base/deps.ts';
import { listBoundContactIds } from '#server/customer/customer-store.ts';
import type { Opportunity } from './opportunity.ts';

/** Screens that show it ask again: those of its customer, of each contact bound to it, and its owner's. */
export async function announceOpportunity(
  deps: Deps,
  { customerId, contactId, ownerId }: Pick<Opportunity, 'customerId' | 'contactId' | 'ownerId'>,
): Promise<void> {
  const bound = await listBoundContactIds(deps.db, customerId);
  const part = 'opportunities' as const;
  deps.live.publish(`customer.${customerId}`, { part, customerId });
  deps.live.publish(`member.${ownerId}`, { part, customerId });
  for (const id of new Set(contactId === null ? bound : [...bound, contactId]))
    deps.live.publish(`contact.${id}`, { part, contactId: id, customerId });
}
