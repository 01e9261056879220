import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { deleteDelegate, unknownDelegate } from './delegate-store.ts';

/** What went over meanwhile stays with whoever got it. */
export async function removeDelegate(deps: Deps, caller: Caller, { id }: { id: string }): Promise<void> {
  if (!(await deleteDelegate(deps.db, id, caller.role === 'admin' ? null : caller.memberId))) throw unknownDelegate();
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'approval.delegate.removed',
    subject: `approval_delegate:${id}`,
  });
}
