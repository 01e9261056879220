import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { archiveFieldRow, findField, hasFieldValues, saveFieldRow, type FieldRow } from './custom-field-store.ts';

export async function saveField(deps: Deps, caller: Caller, field: FieldRow): Promise<FieldRow> {
  checkOptions(field);
  return deps.db.$transaction(async (tx) => {
    const before = await findField(tx, field.key);
    if (before && before.type !== field.type && (await hasFieldValues(tx, field.key)))
      throw new Refusal(
        'customer_field.type',
        `Customers carry values of the type ${before.type} here. Add a field with another key instead.`,
        409,
      );
    const saved = await saveFieldRow(tx, field);
    const subject = `customer-field:${field.key}`;
    await recordAudit(tx, { memberId: caller.memberId, action: 'customer_field.saved', subject });
    return saved;
  });
}

export async function archiveField(deps: Deps, caller: Caller, key: string): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    if (!(await archiveFieldRow(tx, key, deps.now())))
      throw new Refusal('customer_field.unknown', 'There is no such field in use.', 404);
    const subject = `customer-field:${key}`;
    await recordAudit(tx, { memberId: caller.memberId, action: 'customer_field.archived', subject });
  });
}

function checkOptions({ type, options }: FieldRow): void {
  if (type === 'choice' && (options.length === 0 || new Set(options).size < options.length))
    throw new Refusal('customer_field.options', 'A choice needs options, each of them once.', 422);
  if (type !== 'choice' && options.length > 0)
    throw new Refusal('customer_field.options', 'Only a choice has options.', 422);
}
