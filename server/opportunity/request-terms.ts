import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isAskedAlready, openRequest } from './open-request.ts';
import { mustBeOpen, needsAmount, yuanOf, type Opportunity } from './opportunity.ts';
import type { opportunityApi } from './opportunity-api.ts';
import { getOpportunity } from './opportunity-store.ts';

export type TermsWish = z.infer<NonNullable<typeof opportunityApi.requestTerms.body>>;

/** As requestDiscount. Who decides goes by the amount, so it must be known. */
export async function requestTerms(
  deps: Deps,
  caller: Caller,
  id: string,
  { terms, reason, requestKey }: TermsWish,
): Promise<Opportunity> {
  const sale = await getOpportunity(deps.db, deps.cipher, caller.scope, id);
  if (await isAskedAlready(deps, caller, id, requestKey)) return sale;
  mustBeOpen(sale);
  if (sale.amountFen === null) throw needsAmount();
  if (sale.facts.terms === terms)
    throw new Refusal('opportunity.same_terms', 'These terms are noted already. Ask for others.', 422, {
      field: 'terms',
    });
  await openRequest(deps, caller, sale, {
    kind: 'contract_terms',
    content: { opportunityId: id, terms, termsBefore: sale.facts.terms ?? '' },
    measure: yuanOf(sale.amountFen),
    reason,
    requestKey,
  });
  return getOpportunity(deps.db, deps.cipher, caller.scope, id);
}
