import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { Approval } from '#server/approval/approval.ts';
import type { Effect } from '#server/approval/effect.ts';
import { announceOpportunity } from './announce-opportunity.ts';
import { opportunityStages } from './opportunity-api.ts';
import { changed, differences, mustBeOpen, unknownOpportunity, type Fields, type Opportunity } from './opportunity.ts';
import { lockOpportunity, saveOpportunity } from './opportunity-store.ts';

/** The discount is on the opportunity. */
export const applyDiscount: Effect<'discount'> = (tx, deps, approval) => {
  const { opportunityId, discountBp } = approval.content;
  return apply(tx, deps, approval, opportunityId, (sale) => {
    mustBeOfAmount(sale, approval);
    return { discountBp };
  });
};

export const applyTerms: Effect<'contract_terms'> = (tx, deps, approval) => {
  const { opportunityId, terms } = approval.content;
  return apply(tx, deps, approval, opportunityId, (sale) => {
    mustBeOfAmount(sale, approval);
    return { terms };
  });
};

/** One that moved there by itself meanwhile stays there. */
export const applyStageException: Effect<'stage_exception'> = (tx, deps, approval) => {
  const { opportunityId, from, to } = approval.content;
  const stage = opportunityStages.find((one) => one === to);
  return apply(tx, deps, approval, opportunityId, (sale) => {
    if (sale.stage !== from && sale.stage !== stage)
      throw new Refusal('opportunity.moved', 'It was moved to another stage meanwhile. Ask again from there.', 409, {
        stage: sale.stage,
      });
    return stage ? { stage } : {};
  });
};

/** On a row that is locked; screens are told after the transaction. */
async function apply(
  tx: Db,
  deps: Deps,
  approval: Pick<Approval, 'id' | 'requesterId'>,
  opportunityId: string,
  grant: (sale: Opportunity) => Partial<Fields>,
): Promise<() => Promise<void>> {
  const sale = await lockOpportunity(tx, deps.cipher, opportunityId);
  if (!sale) throw unknownOpportunity();
  mustBeOpen(sale);
  const at = deps.now();
  const changes = differences(sale, grant(sale));
  const after = changed(sale, changes, at);
  const kept = changes.map((change) => ({
    ...change,
    at,
    memberId: approval.requesterId,
    approvalId: approval.id,
  }));
  if (changes.length > 0 && !(await saveOpportunity(tx, deps.cipher, sale, after, kept)))
    throw new Error('Nobody can change an opportunity that is locked.');
  return () => announceOpportunity(deps, sale);
}

/** What was granted was granted for this amount. */
function mustBeOfAmount({ amountFen }: Opportunity, approval: Pick<Approval, 'amountFen'>): void {
  if (amountFen === approval.amountFen) return;
  throw new Refusal('opportunity.amount_changed', 'Its amount is another than when this was asked. Ask again.', 409, {
    amountFen,
  });
}
