import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { listCustomerNames } from '#server/binding/binding-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { withoutForeignWords } from '#server/scoring/view-score.ts';
import { heaviest } from './alert-notice.ts';
import type { ChurnAlert as ChurnAlertView } from './health-api.ts';
import { findAlert, pageAlerts, type ShownAlert } from './health-store.ts';

export async function listAlerts(
  deps: Deps,
  caller: Caller,
  query: { state: 'open' | 'closed'; contactId?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ items: ChurnAlertView[]; total: number; next: string | null }> {
  const after = query.cursor ?? null;
  if (after && !(await findAlert(deps.db, deps.cipher, caller.scope, after)))
    throw new Refusal('churn_alert.unknown_cursor', 'The list has changed. Open it again from its beginning.', 400);
  const { items, total } = await pageAlerts(deps.db, deps.cipher, caller.scope, {
    isOpen: query.state === 'open',
    ...(query.contactId ? { contactId: query.contactId } : {}),
    after,
    limit: query.limit,
  });
  return {
    items: await viewAlerts(deps, caller, items),
    total,
    next: items.length === query.limit ? (items.at(-1)?.id ?? null) : null,
  };
}

export async function viewAlerts(deps: Deps, caller: Caller, alerts: readonly ShownAlert[]): Promise<ChurnAlertView[]> {
  const [members, customers] = await Promise.all([
    listMemberNames(
      deps.db,
      alerts.flatMap(({ ownerId, closedBy }) => [ownerId, closedBy]),
    ),
    listCustomerNames(
      deps.db,
      alerts.flatMap(({ customerId }) => customerId ?? []),
    ),
  ]);
  const personOf = (names: ReadonlyMap<string, string>, id: string | null) =>
    id === null ? null : { id, name: names.get(id) ?? '' };
  return Promise.all(
    alerts.map(async (alert) => ({
      id: alert.id,
      at: alert.at.toISOString(),
      contact: alert.contact,
      customer: personOf(customers, alert.customerId),
      owner: personOf(members, alert.ownerId),
      risk: alert.risk,
      factors: await withoutForeignWords(deps, caller, heaviest(alert)),
      state: alert.state,
      closedAt: alert.closedAt?.toISOString() ?? null,
      closedBy: personOf(members, alert.closedBy),
      reason: alert.reason,
    })),
  );
}
