import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { viewCustomers } from '#server/customer/view-customer.ts';
import type { bindingChangeView, BindingView } from './binding-api.ts';
import { bindingUnknown, canUndo, type BindingReason, type BindingRole } from './binding.ts';
import {
  getContactWithFollows,
  listBindings,
  listChanges,
  listCustomerNames,
  listVisibleCustomerIds,
} from './binding-store.ts';

/** Oldest first; [] when the contact is outside the caller's scope. */
export async function viewBindings(deps: Deps, caller: Caller, contactId: string): Promise<BindingView[]> {
  const bindings = await listBindings(deps.db, caller.scope, contactId);
  const customers = await viewCustomers(
    deps,
    bindings.map(({ customer }) => customer),
  );
  const names = await listMemberNames(
    deps.db,
    bindings.map(({ madeBy }) => madeBy),
  );
  return bindings.flatMap(({ role, reasons, madeBy, madeAt }, i) => {
    const customer = customers[i];
    if (!customer) return [];
    return {
      customer,
      role: role as BindingRole,
      reasons: reasons as unknown as BindingReason[],
      madeBy: madeBy && (names.get(madeBy) ?? null),
      madeAt: madeAt.toISOString(),
    };
  });
}

export async function viewBinding(
  deps: Deps,
  caller: Caller,
  contactId: string,
  customerId: string,
): Promise<BindingView> {
  const bindings = await viewBindings(deps, caller, contactId);
  const binding = bindings.find(({ customer }) => customer.id === customerId);
  if (!binding) throw bindingUnknown();
  return binding;
}

type BindingChangeView = z.infer<typeof bindingChangeView>;

/** Newest first. Customers the caller no longer sees are left out, but for what the caller did. */
export async function viewHistory(deps: Deps, caller: Caller, contactId: string): Promise<BindingChangeView[]> {
  const contact = await getContactWithFollows(deps.db, caller.scope, contactId);
  const all = await listChanges(deps.db, contact.id);
  const customerIds = [...new Set(all.map(({ customerId }) => customerId))];
  const visible = await listVisibleCustomerIds(deps.db, caller.scope, customerIds);
  const changes = all.filter(({ customerId, memberId }) => visible.has(customerId) || memberId === caller.memberId);
  const customerNames = await listCustomerNames(deps.db, customerIds);
  const memberNames = await listMemberNames(
    deps.db,
    changes.map(({ memberId }) => memberId),
  );
  return changes.map((change) => {
    const latest = all.find(({ customerId }) => customerId === change.customerId);
    return {
      id: String(change.id),
      at: change.at.toISOString(),
      action: change.action,
      customerId: change.customerId,
      customerName: customerNames.get(change.customerId) ?? '',
      role: change.role,
      by: change.memberId && (memberNames.get(change.memberId) ?? null),
      canUndo: canUndo(change, latest?.id ?? change.id),
    };
  });
}
