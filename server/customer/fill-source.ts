import type { Deps } from '#server/base/deps.ts';
import { fillEmptySource, insertChanges } from './customer-store.ts';
import { tellOfChange } from './edit-customer.ts';

/** Where a customer came from, when nobody said so; what was said is never overwritten. */
export async function fillSource(deps: Deps, customerId: string, source: string): Promise<void> {
  const at = deps.now();
  const isFilled = await deps.db.$transaction(async (tx) => {
    const version = await fillEmptySource(tx, customerId, source, at);
    if (version === null) return false;
    await insertChanges(tx, [{ customerId, version, memberId: null, at, field: 'source', after: source }]);
    return true;
  });
  if (isFilled) await tellOfChange(deps, customerId);
}
