import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { HOUR_MS } from '#server/base/duration.ts';
import { customerUnknown } from './customer.ts';
import { findCustomer } from './customer-store.ts';
import { insertFieldGrant } from './field-grant-store.ts';

/** Lets a member read a sensitive field for some hours, because it was approved. */
export async function grantField(
  tx: Db,
  deps: Deps,
  grant: { approvalId: string; memberId: string; customerId: string; field: string; hours: number },
): Promise<void> {
  const { hours, ...row } = grant;
  if (!(await findCustomer(tx, { all: true }, grant.customerId))) throw customerUnknown();
  const expiresAt = new Date(deps.now().getTime() + hours * HOUR_MS);
  await insertFieldGrant(tx, { ...row, expiresAt });
  await recordAudit(tx, {
    memberId: grant.memberId,
    action: `customer.${grant.field}.granted`,
    subject: `customer:${grant.customerId}`,
    detail: { approvalId: grant.approvalId, expiresAt: expiresAt.toISOString() },
  });
}
