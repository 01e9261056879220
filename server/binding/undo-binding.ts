import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isContactInScope } from '#server/contact/contact-store.ts';
import { checkUndo, inverseOf } from './binding.ts';
import { makeBinding, tellOfBinding } from './bind-contact.ts';
import {
  findChange,
  findLatestChangeId,
  insertChange,
  listVisibleCustomerIds,
  lockBindings,
  saveRole,
  saveUndone,
  type BindingChangeRow,
} from './binding-store.ts';
import { removeBinding } from './unbind-contact.ts';

/** Takes a change back: what was bound is unbound, what was unbound is bound as it was, a role becomes the old one. */
export async function undoBinding(deps: Deps, caller: Caller, changeId: bigint): Promise<void> {
  const seen = await findChange(deps.db, changeId);
  // Whoever does not see the contact is not told either that there is such a change.
  if (!seen || !(await isContactInScope(deps.db, caller.scope, seen.contactId))) throw changeUnknown();
  const { contactId, customerId } = seen;
  await deps.db.$transaction(async (tx) => {
    await lockBindings(tx, caller.scope, contactId);
    const change = await findChange(tx, changeId);
    if (!change || !(await maySee(tx, caller, change))) throw changeUnknown();
    checkUndo(change, (await findLatestChangeId(tx, contactId, customerId)) ?? changeId);
    await saveUndone(tx, changeId, await applyInverse(tx, caller, change, deps.now()));
  });
  await tellOfBinding(deps, contactId, customerId);
}

/** A customer that went out of sight by being unbound stays within reach of the one who unbound it. */
export async function maySee(db: Db, caller: Caller, { customerId, memberId }: BindingChangeRow): Promise<boolean> {
  return memberId === caller.memberId || (await listVisibleCustomerIds(db, caller.scope, [customerId])).has(customerId);
}

async function applyInverse(tx: Db, caller: Caller, change: BindingChangeRow, at: Date): Promise<bigint> {
  const { contactId, customerId, reasons } = change;
  const { memberId } = caller;
  const { action, role, previousRole } = inverseOf(change);
  switch (action) {
    case 'bound':
      return makeBinding(tx, { contactId, customerId, role, reasons, madeBy: memberId }, at);
    case 'unbound':
      return removeBinding(tx, { contactId, customerId, memberId, at });
    case 'role_changed':
      await saveRole(tx, contactId, customerId, role);
      return insertChange(tx, { contactId, customerId, action, role, previousRole, reasons, memberId, at });
    default:
      return action satisfies never;
  }
}

const changeUnknown = () => new Refusal('binding.change_unknown', 'There is no such change that you can see.', 404);
