import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { Approval } from '#server/approval/approval.ts';
import type { ApprovalContent } from '#server/approval/approval-api.ts';
import { findApprovalByKey, listApprovals } from '#server/approval/approval-store.ts';
import { requestApprovalIn } from '#server/approval/request-approval.ts';
import { subjectOf, type Opportunity } from './opportunity.ts';
import { listNames, lockRequests } from './opportunity-store.ts';

/** What can be asked for about a sale. */
export type SaleRequest = 'discount' | 'contract_terms' | 'stage_exception';

export interface Wish<Kind extends SaleRequest> {
  kind: Kind;
  content: ApprovalContent<Kind>;
  /** In the unit of the kind. */
  measure: number;
  reason: string;
  requestKey: string;
}

/** Whether this very press was taken already: it then asks for nothing anew. */
export async function isAskedAlready(deps: Deps, caller: Caller, id: string, requestKey: string): Promise<boolean> {
  const known = await findApprovalByKey(deps.db, deps.cipher, requestKey);
  return known !== null && known.subject === subjectOf(id) && known.requesterId === caller.memberId;
}

/**
 * Of a kind one at a time: two that are pending could both come true, and nobody could say which holds. The same press
 * again asks for nothing anew.
 */
export async function openRequest<Kind extends SaleRequest>(
  deps: Deps,
  caller: Caller,
  sale: Opportunity,
  wish: Wish<Kind>,
): Promise<void> {
  const { customers } = await listNames(deps.db, [sale]);
  const draft = {
    ...wish,
    title: [customers.get(sale.customerId), sale.title].filter(Boolean).join(' · '),
    amountFen: sale.amountFen,
    customerId: sale.customerId,
    contactId: sale.contactId,
    subject: subjectOf(sale.id),
  };
  const requested = await deps.db.$transaction(async (tx) => {
    await lockRequests(tx, sale.id);
    const isAgain = (await findApprovalByKey(tx, deps.cipher, wish.requestKey)) !== null;
    const pending = isAgain ? null : await findPending(deps, tx, sale.id, wish.kind);
    if (pending) throw requestPending(pending);
    return requestApprovalIn(tx, deps, caller, draft);
  });
  await requested.tell();
}

/** Null when nothing is asked about it, or nothing of this kind. */
export async function findPending(deps: Deps, db: Db, id: string, kind?: SaleRequest): Promise<Approval | null> {
  const filter = { kind, subject: subjectOf(id), state: 'pending' as const };
  const [pending] = await listApprovals(db, deps.cipher, {}, filter, { after: null, limit: 1 });
  return pending ?? null;
}

export const requestPending = ({ id, kind, title, requesterId, names, createdAt }: Approval) =>
  new Refusal(
    'opportunity.request_pending',
    'A request about this is not decided yet. Wait for it, or have it withdrawn first.',
    409,
    {
      approval: {
        id,
        kind,
        title,
        requester: { id: requesterId, name: names.get(requesterId) ?? '' },
        createdAt: createdAt.toISOString(),
      },
    },
  );
