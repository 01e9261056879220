import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { netOf } from '#server/base/net-of.ts';
import type { ApprovalView } from '#server/approval/approval-api.ts';
import { newestApprovals } from '#server/approval/view-approval.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { daysSince, gatesOf, subjectOf, type Opportunity } from './opportunity.ts';
import type { opportunityApi, OpportunityView } from './opportunity-api.ts';
import { listNames, listOpenOf, type Names, type ReadChange } from './opportunity-store.ts';

/** Open ones of the customers a contact is bound to, newest first; the caller was found to see the contact. */
export async function openOpportunitiesOf(deps: Deps, caller: Caller, contactId: string): Promise<OpportunityView[]> {
  return viewOpportunities(deps, caller, await listOpenOf(deps.db, deps.cipher, contactId));
}

export async function viewOpportunity(deps: Deps, caller: Caller, sale: Opportunity): Promise<OpportunityView> {
  const [view] = await viewOpportunities(deps, caller, [sale]);
  if (!view) throw new Error('An opportunity has one view.');
  return view;
}

export async function viewOpportunities(
  deps: Deps,
  caller: Caller,
  sales: readonly Opportunity[],
): Promise<OpportunityView[]> {
  if (sales.length === 0) return [];
  const [names, approvals] = await Promise.all([
    listNames(deps.db, sales),
    newestApprovals(
      deps,
      caller,
      sales.map(({ id }) => subjectOf(id)),
    ),
  ]);
  return sales.map((sale) => viewOf(sale, caller, names, approvals.get(subjectOf(sale.id)) ?? null, deps.now()));
}

function viewOf(
  sale: Opportunity,
  caller: Caller,
  names: Names,
  approval: ApprovalView | null,
  now: Date,
): OpportunityView {
  const { id, title, amountFen, discountBp, stage, expectedOn, outcome, facts, version } = sale;
  const contactName = sale.contactId === null ? undefined : names.contacts.get(sale.contactId);
  return {
    id,
    customer: { id: sale.customerId, name: names.customers.get(sale.customerId) ?? '' },
    contact: sale.contactId === null || contactName === undefined ? null : { id: sale.contactId, name: contactName },
    owner: { id: sale.ownerId, name: names.members.get(sale.ownerId) ?? '' },
    title,
    amountFen,
    discountBp,
    netAmountFen: amountFen === null ? null : netOf(amountFen, discountBp),
    stage,
    stageAt: sale.stageAt.toISOString(),
    stageDays: daysSince(sale.stageAt, now),
    expectedOn,
    outcome,
    facts,
    gates: gatesOf(sale, caller),
    approval,
    version,
    createdAt: sale.createdAt.toISOString(),
    updatedAt: sale.updatedAt.toISOString(),
  };
}

type ChangeView = z.infer<(typeof opportunityApi.read)['answer']>['changes'][number];

/** Changes as people read them: members by their names. */
export async function viewChanges(deps: Deps, changes: readonly ReadChange[]): Promise<ChangeView[]> {
  const owners = changes.flatMap(({ field, before, after }) => (field === 'ownerId' ? [before, after] : []));
  const names = await listMemberNames(
    deps.db,
    [...changes.map(({ memberId }) => memberId), ...owners].filter((id) => typeof id === 'string'),
  );
  const read = (field: string, value: string | number | null) =>
    field === 'ownerId' && typeof value === 'string' ? (names.get(value) ?? null) : value;
  return changes.map(({ at, memberId, approvalId, field, before, after }) => ({
    at: at.toISOString(),
    by: memberId && (names.get(memberId) ?? null),
    approvalId,
    field,
    before: read(field, before),
    after: read(field, after),
  }));
}
