import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { bindingUnknown, type BindingReason, type BindingRole } from './binding.ts';
import { tellOfBinding } from './bind-contact.ts';
import { findBinding, insertChange, lockBindings, saveRole } from './binding-store.ts';

export async function changeRole(
  deps: Deps,
  caller: Caller,
  { contactId, customerId, role }: { contactId: string; customerId: string; role: BindingRole },
): Promise<void> {
  const isChanged = await deps.db.$transaction(async (tx) => {
    await lockBindings(tx, caller.scope, contactId);
    const binding = await findBinding(tx, contactId, customerId);
    if (!binding) throw bindingUnknown();
    if (binding.role === role) return false;
    await saveRole(tx, contactId, customerId, role);
    await insertChange(tx, {
      contactId,
      customerId,
      action: 'role_changed',
      role,
      previousRole: binding.role as BindingRole,
      reasons: binding.reasons as unknown as BindingReason[],
      memberId: caller.memberId,
      at: deps.now(),
    });
    return true;
  });
  if (isChanged) await tellOfBinding(deps, contactId, customerId);
}
