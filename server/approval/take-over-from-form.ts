import type { Deps } from '#server/base/deps.ts';
import { decideHere } from './approval-opening.ts';
import { changeApprovalIn, tellOfChange } from './change-approval.ts';
import { lockApproval } from './approval-store.ts';
import { readOrg } from './org-store.ts';
import { resolve } from './policy.ts';
import { membersIn, readPolicy } from './policy-store.ts';

/** What a form cannot decide is decided by those whom the policy's bands name. */
export async function takeOverFromForm(deps: Deps, approvalId: string): Promise<void> {
  const changed = await deps.db.$transaction(async (tx) => {
    const { kind, requesterId, measure } = await lockApproval(tx, deps.cipher, approvalId);
    const { policy } = await readPolicy(tx, kind);
    const org = await readOrg(tx, [requesterId, ...membersIn(policy)], deps.now());
    const { levels } = resolve({ ...policy, mode: 'own' }, { requesterId, measure }, org, deps.now());
    return changeApprovalIn(tx, deps, approvalId, (approval, now) => decideHere(approval, levels, now));
  });
  await tellOfChange(deps, changed);
}
