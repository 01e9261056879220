import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { changeOpportunity } from './change-opportunity.ts';
import { findPending, requestPending } from './open-request.ts';
import { differences, mustBeOpen, type FieldChange, type Opportunity } from './opportunity.ts';
import type { opportunityApi } from './opportunity-api.ts';
import { wereTermsGranted } from './opportunity-store.ts';

export type OpportunityEdit = z.infer<NonNullable<typeof opportunityApi.edit.body>>;

/** Keys left out stay as they are; an empty text says that it is not known after all. */
export function editOpportunity(deps: Deps, caller: Caller, id: string, edit: OpportunityEdit): Promise<Opportunity> {
  const { version, title, amountFen, expectedOn, ...facts } = edit;
  return changeOpportunity(deps, caller, { id, version }, async (sale) => {
    mustBeOpen(sale);
    const texts = Object.fromEntries(
      Object.entries(facts).map(([name, text]) => [name, text === '' ? null : text]),
    ) as typeof facts;
    const changes = differences(sale, { title, amountFen, expectedOn, ...texts });
    await mustLeaveWhatIsAsked(deps, sale, changes);
    return changes;
  });
}

/** What somebody decides on, and what somebody granted, does not change under their hands. */
async function mustLeaveWhatIsAsked(deps: Deps, sale: Opportunity, changes: FieldChange[]): Promise<void> {
  const touches = (name: FieldChange['field']) => changes.some(({ field }) => field === name);
  const pending = touches('amountFen') ? await findPending(deps, deps.db, sale.id) : null;
  if (pending) throw requestPending(pending);
  if (touches('terms') && (await wereTermsGranted(deps.db, sale.id)))
    throw new Refusal('opportunity.terms_granted', 'These terms were granted. Ask for other ones instead.', 409, {
      field: 'terms',
    });
}
