import type { Binding, BindingChange, Contact, Customer, Follow } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { unknownContact } from '#server/contact/contact.ts';
import { contactsIn, isContactInScope } from '#server/contact/contact-store.ts';
import { followedStates } from '#server/contact/follow.ts';
import { customersIn } from '#server/customer/customer-store.ts';
import { type BindingAction, type BindingReason, type BindingRole, type Change } from './binding.ts';

export interface BindingChangeRow extends Change {
  contactId: string;
  customerId: string;
  reasons: BindingReason[];
  memberId: string | null;
  at: Date;
}
export type NewChange = Omit<BindingChangeRow, 'id' | 'undoneById'>;

export async function getContactWithFollows(
  db: Db,
  scope: Scope,
  contactId: string,
): Promise<Contact & { follows: Follow[] }> {
  const contact = await db.contact.findFirst({
    where: { id: contactId, AND: contactsIn(scope) },
    include: { follows: { where: { state: { in: followedStates } }, orderBy: { id: 'asc' } } },
  });
  if (!contact) throw unknownContact();
  return contact;
}

/** Bindings of one contact change one after the other. Throws when the contact is outside the scope. */
export async function lockBindings(tx: Db, scope: Scope, contactId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM "Contact" WHERE id = ${contactId}::uuid FOR NO KEY UPDATE`;
  if (!(await isContactInScope(tx, scope, contactId))) throw unknownContact();
}

/** Oldest first. */
export async function listBindings(
  db: Db,
  scope: Scope,
  contactId: string,
): Promise<(Binding & { customer: Customer })[]> {
  return db.binding.findMany({
    where: { contactId, contact: contactsIn(scope) },
    include: { customer: true },
    orderBy: [{ madeAt: 'asc' }, { customerId: 'asc' }],
  });
}

export async function findBinding(db: Db, contactId: string, customerId: string): Promise<Binding | null> {
  return db.binding.findUnique({ where: { contactId_customerId: { contactId, customerId } } });
}

/** Throws on `contact_bound_once_to_customer`. */
export async function insertBinding(
  tx: Db,
  binding: {
    contactId: string;
    customerId: string;
    role: BindingRole;
    reasons: BindingReason[];
    madeBy: string | null;
    madeAt: Date;
  },
): Promise<void> {
  await tx.binding.create({ data: binding });
}

export async function saveRole(tx: Db, contactId: string, customerId: string, role: BindingRole): Promise<void> {
  await tx.binding.update({ where: { contactId_customerId: { contactId, customerId } }, data: { role } });
}

export async function deleteBinding(tx: Db, contactId: string, customerId: string): Promise<void> {
  await tx.binding.delete({ where: { contactId_customerId: { contactId, customerId } } });
}

export async function insertChange(tx: Db, change: NewChange): Promise<bigint> {
  const { id } = await tx.bindingChange.create({ data: change, select: { id: true } });
  return id;
}

export async function findChange(db: Db, id: bigint): Promise<BindingChangeRow | null> {
  const row = await db.bindingChange.findUnique({ where: { id } });
  return row && toChange(row);
}

/** Newest first. */
export async function listChanges(db: Db, contactId: string): Promise<BindingChangeRow[]> {
  const rows = await db.bindingChange.findMany({ where: { contactId }, orderBy: { id: 'desc' }, take: 200 });
  return rows.map(toChange);
}

export async function findLatestChangeId(db: Db, contactId: string, customerId: string): Promise<bigint | null> {
  const latest = await db.bindingChange.findFirst({
    where: { contactId, customerId },
    orderBy: { id: 'desc' },
    select: { id: true },
  });
  return latest?.id ?? null;
}

export async function saveUndone(tx: Db, id: bigint, undoneById: bigint): Promise<void> {
  await tx.bindingChange.update({ where: { id }, data: { undoneById } });
}

/** Customers a person once took this contact from: no rule brings it back. */
export async function listUnboundByHand(db: Db, contactId: string): Promise<Set<string>> {
  const rows = await db.bindingChange.findMany({
    where: { contactId, action: 'unbound', memberId: { not: null } },
    select: { customerId: true },
  });
  return new Set(rows.map(({ customerId }) => customerId));
}

/** Customer id → names of the contacts who are the same person on another messenger and are bound to it. */
export async function listSamePerson(db: Db, contact: Contact): Promise<Map<string, string[]>> {
  if (contact.unionKey === null) return new Map();
  const bindings = await db.binding.findMany({
    where: { contact: { unionKey: contact.unionKey, id: { not: contact.id } } },
    select: { customerId: true, contact: { select: { name: true } } },
    orderBy: { contactId: 'asc' },
  });
  const found = new Map<string, string[]>();
  for (const { customerId, contact: other } of bindings)
    found.set(customerId, [...(found.get(customerId) ?? []), other.name]);
  return found;
}

export async function listPossible(
  db: Db,
  scope: Scope,
  by: { ids: string[]; phoneHashes: string[]; exceptBoundTo: string },
): Promise<Customer[]> {
  return db.customer.findMany({
    where: {
      OR: [{ id: { in: by.ids } }, { phoneHash: { in: by.phoneHashes } }],
      AND: customersIn(scope),
      bindings: { none: { contactId: by.exceptBoundTo } },
    },
    take: 200,
  });
}

export async function listCustomerNames(db: Db, ids: string[]): Promise<Map<string, string>> {
  const customers = await db.customer.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  return new Map(customers.map(({ id, name }) => [id, name]));
}

export async function listVisibleCustomerIds(db: Db, scope: Scope, ids: string[]): Promise<Set<string>> {
  const customers = await db.customer.findMany({
    where: { id: { in: ids }, AND: customersIn(scope) },
    select: { id: true },
  });
  return new Set(customers.map(({ id }) => id));
}

function toChange(row: BindingChange): BindingChangeRow {
  return {
    ...row,
    action: row.action as BindingAction,
    role: row.role as BindingRole,
    previousRole: row.previousRole as BindingRole | null,
    reasons: row.reasons as unknown as BindingReason[],
  };
}
