import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { ChurnAlert as ChurnAlertView } from './health-api.ts';
import { closeAlert, findAlert } from './health-store.ts';
import { viewAlerts } from './list-alerts.ts';

/** Somebody says what was done, or that it was no alarm: the contact is not told of again for a while. */
export async function closeChurnAlert(
  deps: Deps,
  caller: Caller,
  { id, state, reason }: { id: string; state: 'done' | 'dismissed'; reason: string },
): Promise<ChurnAlertView> {
  const alert = await findAlert(deps.db, deps.cipher, caller.scope, id);
  if (!alert) throw new Refusal('churn_alert.unknown', 'There is no such alert, or it is not yours to see.', 404);
  const closed = await deps.db.$transaction(async (tx) => {
    const close = { state, closedAt: deps.now(), closedBy: caller.memberId, reason: reason || null };
    const row = await closeAlert(tx, deps.cipher, id, close);
    if (!row) throw new Refusal('churn_alert.closed_already', 'Somebody else has closed this alert already.', 409);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: `churn_alert.${state}`,
      subject: `contact:${alert.contactId}`,
      detail: { alert: id, risk: alert.risk },
    });
    return row;
  });
  for (const topic of [`contact.${alert.contactId}`, `member.${alert.ownerId ?? caller.memberId}`] as const)
    deps.live.publish(topic, { part: 'health', contactId: alert.contactId });
  const [view] = await viewAlerts(deps, caller, [{ ...closed, contact: alert.contact }]);
  if (!view) throw new Error('One alert has one view.');
  return view;
}
