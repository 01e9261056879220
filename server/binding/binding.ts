import type { z } from 'zod';
import { Refusal } from '#server/base/refusal.ts';
import type { bindingReason, bindingRoles } from './binding-api.ts';

export type BindingRole = (typeof bindingRoles)[number];
export type BindingReason = z.infer<typeof bindingReason>;
export type BindingAction = 'bound' | 'unbound' | 'role_changed';

/** One thing done to a binding. `role` is the one after it; of an unbinding, the one it had. */
export interface Change {
  id: bigint;
  action: BindingAction;
  role: BindingRole;
  previousRole: BindingRole | null;
  undoneById: bigint | null;
}

/** Only the newest change of a binding can be taken back: what came later stands on it. */
export const canUndo = (change: Change, latestId: bigint): boolean =>
  change.undoneById === null && change.id === latestId;

export function checkUndo(change: Change, latestId: bigint): void {
  if (change.undoneById !== null)
    throw new Refusal('binding.undone_already', 'This change has been taken back already.', 409);
  if (change.id !== latestId)
    throw new Refusal(
      'binding.overtaken',
      'This binding was changed again since. Take back the later change first.',
      409,
    );
}

/** What taking `change` back does. */
export function inverseOf(change: Change): {
  action: BindingAction;
  role: BindingRole;
  previousRole: BindingRole | null;
} {
  switch (change.action) {
    case 'bound':
      return { action: 'unbound', role: change.role, previousRole: null };
    case 'unbound':
      return { action: 'bound', role: change.role, previousRole: null };
    case 'role_changed':
      return { action: 'role_changed', role: change.previousRole ?? 'other', previousRole: change.role };
    default:
      return change.action satisfies never;
  }
}

export const bindingUnknown = () => new Refusal('binding.unknown', 'This contact is not bound to that customer.', 404);
export const bindingExists = () =>
  new Refusal('binding.exists', 'This contact is bound to that customer already. Change the role instead.', 409);
