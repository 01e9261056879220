import type { z } from 'zod';
import type { Customer } from '#prisma/client/client.ts';
import type { Caller, Scope } from '#server/base/caller.ts';
import { violatedUnique, type Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { Refusal } from '#server/base/refusal.ts';
import { applyCustomEdit, type CustomField } from './custom-field.ts';
import { listFields } from './custom-field-store.ts';
import type { customerDraft } from './customer-api.ts';
import { checkCodes, checkNewOwner, calledName, sameAs } from './customer.ts';
import { findSameCustomer, getCustomer, insertChanges, insertCustomer, type NewCustomer } from './customer-store.ts';
import { isActiveMember } from '#server/member/member-store.ts';

export type CustomerDraft = z.infer<typeof customerDraft>;

export async function createCustomer(
  deps: Deps,
  caller: Caller,
  { requestKey, ...draft }: CustomerDraft & { requestKey?: string | undefined },
): Promise<Customer> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'customer.create', content: draft };
  return once(deps, asked, {
    async first(take) {
      const row = await prepareCustomer(deps, caller, draft);
      return refusingDuplicates(deps, caller.scope, row.sameAs, () =>
        deps.db.$transaction((tx) => take(tx, () => insertWithHistory(tx, caller, row))),
      );
    },
    again: (id) => getCustomer(deps.db, caller.scope, id),
  });
}

/** The checked row of a draft; nothing is written. */
export async function prepareCustomer(deps: Deps, caller: Caller, draft: CustomerDraft): Promise<NewCustomer> {
  const ownerId = draft.ownerId === undefined ? caller.memberId : draft.ownerId;
  await checkOwner(deps.db, caller, caller.memberId, ownerId);
  return rowOf(deps, await listFields(deps.db), { ...draft, ownerId });
}

/** As prepareCustomer, for an owner who was checked. */
export function rowOf(
  deps: Deps,
  fields: readonly CustomField[],
  draft: CustomerDraft & { ownerId: string | null },
): NewCustomer & { sameAs: string | null } {
  checkCodes(draft);
  const { kind, name, regionCode, industryCode, grade, stage, source, ownerId, website, address } = draft;
  const phone = sealPhone(deps, draft.phone ?? null);
  return {
    kind,
    name,
    nameCore: calledName(kind, name),
    sameAs: sameAs(kind, name, phone.phoneHash),
    regionCode,
    industryCode,
    grade,
    stage: stage ?? 'new',
    source: source || null,
    ownerId,
    ...phone,
    website: website || null,
    address: address || null,
    custom: applyCustomEdit(fields, null, draft.custom ?? {}),
    createdAt: deps.now(),
    updatedAt: deps.now(),
  };
}

export async function insertWithHistory(tx: Db, caller: Caller, row: NewCustomer): Promise<Customer> {
  const customer = await insertCustomer(tx, row);
  await insertChanges(tx, [createdBy(caller, customer)]);
  return customer;
}

export const createdBy = (caller: Caller, { id, name, createdAt }: Customer) => ({
  customerId: id,
  version: 1,
  memberId: caller.memberId,
  at: createdAt,
  field: 'created',
  after: name,
});

/** The constraint is what keeps duplicates out; this says it so that the caller can act. */
export async function refusingDuplicates<Result>(
  deps: Deps,
  scope: Scope,
  key: string | null | undefined,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (!key || !violatedUnique(error)?.match(/customer_exists_already|sameAs/)) throw error;
    throw await existsAlready(deps, scope, key);
  }
}

export async function checkOwner(db: Db, caller: Caller, from: string | null, to: string | null): Promise<void> {
  checkNewOwner(caller, from, to);
  if (to !== null && to !== from && !(await isActiveMember(db, to)))
    throw new Refusal('customer.owner_outside', 'The new owner must be a member you can see. Choose another.', 422);
}

/** The number encrypted, with the hash by which it is found. */
export function sealPhone(deps: Deps, phone: string | null): { phone: string | null; phoneHash: string | null } {
  if (!phone) return { phone: null, phoneHash: null };
  return { phone: deps.cipher.encrypt(phone.trim()), phoneHash: deps.cipher.hash(normalisePhone(phone)) };
}

async function existsAlready(deps: Deps, scope: Scope, key: string): Promise<Refusal> {
  const same = await findSameCustomer(deps.db, scope, key);
  if (same?.isVisible)
    return new Refusal('customer.exists', `This customer exists already: ${same.name}.`, 409, {
      id: same.id,
      name: same.name,
    });
  return new Refusal(
    'customer.exists',
    'This customer exists already and belongs to a colleague. Ask your manager to share it.',
    409,
  );
}
