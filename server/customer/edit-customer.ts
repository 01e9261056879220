import type { z } from 'zod';
import type { Customer, CustomerChange } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { maskPhone, normalisePhone } from '#server/base/phone.ts';
import { Refusal } from '#server/base/refusal.ts';
import { checkOwner, refusingDuplicates, sealPhone } from './create-customer.ts';
import { applyCustomEdit, type CustomValues } from './custom-field.ts';
import { listFields } from './custom-field-store.ts';
import type { customerApi } from './customer-api.ts';
import { calledName, checkCodes, checkStageMove, sameAs, type CustomerKind, type CustomerStage } from './customer.ts';
import {
  getCustomer,
  insertChanges,
  listBoundContactIds,
  listChanges,
  saveCustomer,
  type CustomerColumns,
} from './customer-store.ts';
import { viewChanges } from './view-change.ts';

export type CustomerEdit = z.infer<NonNullable<typeof customerApi.edit.body>>;
type Change = Pick<CustomerChange, 'field'> & { before?: string | number; after?: string | number };

/** Changes what the edit names, if nobody changed the record since the caller saw it. */
export async function editCustomer(deps: Deps, caller: Caller, id: string, edit: CustomerEdit): Promise<Customer> {
  const seen = await getCustomer(deps.db, caller.scope, id);
  if (seen.version !== edit.version) throw await stale(deps, caller, id, edit.version);
  checkCodes(edit);
  if (edit.stage) checkStageMove(seen.stage as CustomerStage, edit.stage);
  if (edit.ownerId !== undefined) await checkOwner(deps.db, caller, seen.ownerId, edit.ownerId);

  const { columns, changes } = await difference(deps, seen, edit);
  if (changes.length === 0) return seen;
  const at = deps.now();
  const saved = await refusingDuplicates(deps, caller.scope, columns.sameAs, () =>
    deps.db.$transaction(async (tx) => {
      const customer = await saveCustomer(tx, id, edit.version, { ...columns, updatedAt: at });
      const version = edit.version + 1;
      const rows = changes.map((change) => ({ ...change, customerId: id, version, memberId: caller.memberId, at }));
      if (customer) await insertChanges(tx, rows);
      return customer;
    }),
  );
  if (!saved) throw await stale(deps, caller, id, edit.version);
  await tellOfChange(deps, id);
  return saved;
}

/** Screens that show the customer ask again; its contacts are scored anew, for stage, grade and profile count. */
export async function tellOfChange(deps: Deps, customerId: string): Promise<void> {
  const contactIds = await listBoundContactIds(deps.db, customerId);
  deps.live.publish(`customer.${customerId}`, { part: 'customer', customerId });
  for (const contactId of contactIds)
    deps.live.publish(`contact.${contactId}`, { part: 'customer', contactId, customerId });
  await deps.jobs.addAll(
    'score-contact',
    contactIds.map((contactId) => ({ payload: { contactId }, options: { key: contactId } })),
  );
}

async function stale(deps: Deps, caller: Caller, id: string, version: number): Promise<Refusal> {
  const current = await getCustomer(deps.db, caller.scope, id);
  const changes = await viewChanges(deps, await listChanges(deps.db, id, version));
  return new Refusal(
    'customer.stale',
    'Someone changed this customer since you opened it. Look and decide again.',
    409,
    {
      version: current.version,
      changes,
    },
  );
}

const plainFields = [
  'name',
  'regionCode',
  'industryCode',
  'grade',
  'stage',
  'source',
  'ownerId',
  'website',
  'address',
] as const;

async function difference(
  deps: Deps,
  seen: Customer,
  edit: CustomerEdit,
): Promise<{ columns: CustomerColumns & { sameAs?: string | null }; changes: Change[] }> {
  const changes: Change[] = [];
  const columns: CustomerColumns & { sameAs?: string | null } = {};
  const note = (field: string, before: string | number | null, after: string | number | null) =>
    changes.push({ field, before: before ?? undefined, after: after ?? undefined });

  for (const field of plainFields) {
    const written = edit[field];
    const after = written === '' ? null : written;
    if (after === undefined || after === seen[field]) continue;
    Object.assign(columns, { [field]: after });
    note(field, seen[field], after);
  }
  if (edit.phone !== undefined) {
    const before = seen.phone && deps.cipher.decrypt(seen.phone);
    if (normalisePhone(edit.phone ?? '') !== normalisePhone(before ?? '')) {
      Object.assign(columns, sealPhone(deps, edit.phone));
      note('phone', before && maskPhone(before), edit.phone && maskPhone(edit.phone));
    }
  }
  if (edit.custom) {
    const before = seen.custom as CustomValues;
    const after = applyCustomEdit(await listFields(deps.db), before, edit.custom);
    const changed = Object.keys(edit.custom).filter((key) => before[key] !== after[key]);
    if (changed.length > 0) columns.custom = after;
    for (const key of changed) note(`custom.${key}`, before[key] ?? null, after[key] ?? null);
  }
  if (columns.name !== undefined || columns.phoneHash !== undefined) {
    const name = edit.name ?? seen.name;
    const phoneHash = columns.phoneHash === undefined ? seen.phoneHash : (columns.phoneHash as string | null);
    const kind = seen.kind as CustomerKind;
    Object.assign(columns, { nameCore: calledName(kind, name), sameAs: sameAs(kind, name, phoneHash) });
  }
  return { columns, changes };
}
