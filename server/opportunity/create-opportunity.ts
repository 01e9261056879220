import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { getCustomer } from '#server/customer/customer-store.ts';
import { announceOpportunity } from './announce-opportunity.ts';
import type { Opportunity } from './opportunity.ts';
import type { opportunityApi } from './opportunity-api.ts';
import { getOpportunity, insertOpportunity, type NewOpportunity } from './opportunity-store.ts';

export type OpportunityWish = z.infer<NonNullable<typeof opportunityApi.create.body>>;

/** A sale begins. Only what the caller sent is written: what a summary proposes is sent by whoever took it over. */
export async function createOpportunity(
  deps: Deps,
  caller: Caller,
  { requestKey, ...wish }: OpportunityWish,
): Promise<Opportunity> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'opportunity.create', content: wish };
  return once(deps, asked, {
    async first(take) {
      const draft = await newOpportunity(deps, caller, wish);
      const made = await deps.db.$transaction((tx) => take(tx, () => insertOpportunity(tx, deps.cipher, draft)));
      await announceOpportunity(deps, made);
      return made;
    },
    again: (id) => getOpportunity(deps.db, deps.cipher, caller.scope, id),
  });
}

async function newOpportunity(
  deps: Deps,
  caller: Caller,
  wish: Omit<OpportunityWish, 'requestKey'>,
): Promise<NewOpportunity> {
  const customer = await getCustomer(deps.db, caller.scope, wish.customerId);
  const contact = wish.contactId ? await getContactByIdInScope(deps.db, caller.scope, wish.contactId) : null;
  const at = deps.now();
  return {
    customerId: customer.id,
    contactId: contact?.id ?? null,
    ownerId: caller.memberId,
    title: wish.title,
    amountFen: wish.amountFen ?? null,
    expectedOn: wish.expectedOn ?? null,
    facts: {
      need: wish.need || null,
      budget: wish.budget || null,
      decisionMaker: wish.decisionMaker || null,
      terms: wish.terms || null,
    },
    createdBy: caller.memberId,
    createdAt: at,
    updatedAt: at,
  };
}
