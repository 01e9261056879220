import type { Caller } from '#server/base/caller.ts';
import { violatedUnique, type Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import {
  insertWithHistory,
  prepareCustomer,
  refusingDuplicates,
  type CustomerDraft,
} from '#server/customer/create-customer.ts';
import { getCustomer } from '#server/customer/customer-store.ts';
import { bindingExists, type BindingReason, type BindingRole } from './binding.ts';
import { findBinding, insertBinding, insertChange, lockBindings } from './binding-store.ts';
import { findCandidates } from './find-candidates.ts';

export interface BindingToMake {
  contactId: string;
  customerId: string;
  role: BindingRole;
  reasons: BindingReason[];
  /** Null when a rule makes it. */
  madeBy: string | null;
}

/** A member binds; what spoke for it is kept beside their word. */
export async function bindContact(
  deps: Deps,
  caller: Caller,
  { contactId, customerId, role }: { contactId: string; customerId: string; role: BindingRole },
): Promise<void> {
  const candidates = await findCandidates(deps, caller, contactId);
  await getCustomer(deps.db, caller.scope, customerId);
  const spoken = candidates.find(({ customer }) => customer.id === customerId)?.reasons ?? [];
  const binding = { contactId, customerId, role, reasons: [...spoken, byHand(caller)], madeBy: caller.memberId };
  await refusingSecond(() =>
    deps.db.$transaction(async (tx) => {
      await lockBindings(tx, caller.scope, contactId);
      await makeBinding(tx, binding, deps.now());
    }),
  );
  await tellOfBinding(deps, contactId, customerId);
}

interface NewCustomerWish {
  contactId: string;
  customer: CustomerDraft;
  role: BindingRole;
  requestKey?: string | undefined;
}

/** Answers with the new customer's id. Both are made, or neither. */
export async function createAndBind(
  deps: Deps,
  caller: Caller,
  { requestKey, ...wish }: NewCustomerWish,
): Promise<string> {
  const { contactId, customer: draft, role } = wish;
  const { memberId } = caller;
  return once(
    deps,
    { memberId, requestKey, deed: 'binding.with_new_customer', content: wish },
    {
      async first(take) {
        const row = await prepareCustomer(deps, caller, draft);
        const made = await refusingDuplicates(deps, caller.scope, row.sameAs, () =>
          deps.db.$transaction((tx) =>
            take(tx, async () => {
              await lockBindings(tx, caller.scope, contactId);
              const customer = await insertWithHistory(tx, caller, row);
              const reasons = [byHand(caller)];
              await makeBinding(
                tx,
                { contactId, customerId: customer.id, role, reasons, madeBy: memberId },
                deps.now(),
              );
              return customer;
            }),
          ),
        );
        await tellOfBinding(deps, contactId, made.id);
        return made.id;
      },
      again: async (id) => id,
    },
  );
}

/** Within the transaction that holds the contact's lock. Answers with the change that says so. */
export async function makeBinding(tx: Db, binding: BindingToMake, at: Date): Promise<bigint> {
  const { contactId, customerId, role, reasons, madeBy } = binding;
  if (await findBinding(tx, contactId, customerId)) throw bindingExists();
  await insertBinding(tx, { ...binding, madeAt: at });
  return insertChange(tx, {
    contactId,
    customerId,
    action: 'bound',
    role,
    previousRole: null,
    reasons,
    memberId: madeBy,
    at,
  });
}

export async function tellOfBinding(deps: Deps, contactId: string, customerId: string): Promise<void> {
  deps.live.publish(`contact.${contactId}`, { part: 'binding', contactId, customerId });
  deps.live.publish(`customer.${customerId}`, { part: 'binding', contactId, customerId });
  await deps.jobs.add('score-contact', { contactId }, { key: contactId });
  await deps.jobs.add('note-source', { contactId }, { key: contactId });
}

async function refusingSecond<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (violatedUnique(error)?.match(/contact_bound_once_to_customer|contactId/)) throw bindingExists();
    throw error;
  }
}

const byHand = ({ name }: Caller): BindingReason => ({ rule: 'by_hand', name, points: 0 });
