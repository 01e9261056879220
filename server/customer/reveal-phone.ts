import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getCustomer } from './customer-store.ts';
import { findFieldGrant } from './field-grant-store.ts';

/** The number in full. It leaves only when the audit log says who took it, and by which grant. */
export async function revealPhone(deps: Deps, caller: Caller, id: string): Promise<string | null> {
  const { phone, ownerId } = await getCustomer(deps.db, caller.scope, id);
  if (!phone) return null;
  const { memberId } = caller;
  const grant = mayReveal(caller, ownerId)
    ? null
    : await findFieldGrant(deps.db, { memberId, customerId: id, field: 'phone' }, deps.now());
  if (!grant && !mayReveal(caller, ownerId)) throw needsApproval();
  await recordAudit(deps.db, {
    memberId,
    action: 'customer.phone.read',
    subject: `customer:${id}`,
    ...(grant ? { detail: { approvalId: grant.approvalId } } : {}),
  });
  return deps.cipher.decrypt(phone);
}

/** Whoever sells to the customer and whoever leads them; a colleague who only sees the record asks first. */
function mayReveal({ memberId, role }: Caller, ownerId: string | null): boolean {
  switch (role) {
    case 'manager':
    case 'director':
    case 'admin':
      return true;
    case 'rep':
      return ownerId === null || ownerId === memberId;
    case 'marketing':
      return ownerId === memberId;
  }
}

const needsApproval = () =>
  new Refusal(
    'customer.reveal_needs_approval',
    'The number is for the customer’s owner and those who lead them. Ask to read it.',
    409,
  );
