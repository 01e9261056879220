import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { holdList, saveListRemoval } from './list-store.ts';
import { listInUse, listsIn } from './segment.ts';
import { listRulesInUse } from './segment-store.ts';

export async function removeList(deps: Deps, caller: Caller, { id }: { id: string }): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    await holdList(tx, id);
    const uses = (await listRulesInUse(tx)).filter(({ rule }) => listsIn(rule).includes(id));
    if (uses.length > 0) throw listInUse(uses.map(({ kind, id: user, name }) => ({ kind, id: user, name })));
    await saveListRemoval(tx, id, deps.now());
    await recordAudit(tx, { memberId: caller.memberId, action: 'contact_list.removed', subject: `contact-list:${id}` });
  });
}
