import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { bindingUnknown, type BindingReason, type BindingRole } from './binding.ts';
import { tellOfBinding } from './bind-contact.ts';
import { deleteBinding, findBinding, insertChange, lockBindings } from './binding-store.ts';

/** Answers with the change to take back when it was a slip. */
export async function unbindContact(
  deps: Deps,
  caller: Caller,
  { contactId, customerId }: { contactId: string; customerId: string },
): Promise<bigint> {
  const changeId = await deps.db.$transaction(async (tx) => {
    await lockBindings(tx, caller.scope, contactId);
    return removeBinding(tx, { contactId, customerId, memberId: caller.memberId, at: deps.now() });
  });
  await tellOfBinding(deps, contactId, customerId);
  return changeId;
}

/** Within the transaction that holds the contact's lock. The change keeps what is needed to bind again as it was. */
export async function removeBinding(
  tx: Db,
  { contactId, customerId, memberId, at }: { contactId: string; customerId: string; memberId: string; at: Date },
): Promise<bigint> {
  const binding = await findBinding(tx, contactId, customerId);
  if (!binding) throw bindingUnknown();
  await deleteBinding(tx, contactId, customerId);
  return insertChange(tx, {
    contactId,
    customerId,
    action: 'unbound',
    role: binding.role as BindingRole,
    previousRole: null,
    reasons: binding.reasons as unknown as BindingReason[],
    memberId,
    at,
  });
}
