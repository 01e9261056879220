import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import type { Approval } from './approval.ts';
import { unknownApproval } from './approval-refusal.ts';
import { findApproval } from './approval-store.ts';
import { isVisible } from './box-store.ts';

/** For everybody else it does not exist. */
export async function getVisible(deps: Deps, { memberId, scope }: Caller, id: string): Promise<Approval> {
  const approval = (await isVisible(deps.db, id, memberId, scope))
    ? await findApproval(deps.db, deps.cipher, id)
    : null;
  if (!approval) throw unknownApproval();
  return approval;
}
