import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isAskedAlready, openRequest } from './open-request.ts';
import { mustBeOpen, needsAmount, type Opportunity } from './opportunity.ts';
import type { opportunityApi } from './opportunity-api.ts';
import { getOpportunity } from './opportunity-store.ts';

export type DiscountWish = z.infer<NonNullable<typeof opportunityApi.requestDiscount.body>>;

/** The opportunity as it is after asking: the discount is on it once somebody, or the rule, has granted it. */
export async function requestDiscount(
  deps: Deps,
  caller: Caller,
  id: string,
  { discountBp, reason, requestKey }: DiscountWish,
): Promise<Opportunity> {
  const sale = await getOpportunity(deps.db, deps.cipher, caller.scope, id);
  if (await isAskedAlready(deps, caller, id, requestKey)) return sale;
  mustBeOpen(sale);
  if (sale.amountFen === null) throw needsAmount();
  if (sale.discountBp === discountBp)
    throw new Refusal('opportunity.same_discount', 'This discount is granted already. Ask for another.', 422, {
      field: 'discountBp',
    });
  await openRequest(deps, caller, sale, {
    kind: 'discount',
    content: { opportunityId: id, discountBp, discountBpBefore: sale.discountBp },
    measure: discountBp / 100,
    reason,
    requestKey,
  });
  return getOpportunity(deps.db, deps.cipher, caller.scope, id);
}
