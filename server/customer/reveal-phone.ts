import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getCustomer } from './customer-store.ts';

/** The number in full. It leaves only when the audit log says who took it. */
export async function revealPhone(deps: Deps, caller: Caller, id: string): Promise<string | null> {
  const { phone } = await getCustomer(deps.db, caller.scope, id);
  if (!phone) return null;
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'customer.phone.read',
    subject: `customer:${id}`,
  });
  return deps.cipher.decrypt(phone);
}
