import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { findRunInScope, lockRun, saveRun } from './run-store.ts';
import { moveRun, unknownRun } from './series.ts';
import type { RunView } from './series-api.ts';
import { viewRuns } from './view-run.ts';

/** Whoever may see the contact may put it aside, let it go on, or take it out. */
export async function changeRun(
  deps: Deps,
  caller: Caller,
  id: string,
  to: 'running' | 'paused' | 'left',
): Promise<RunView> {
  if (!(await findRunInScope(deps.db, caller.scope, id))) throw unknownRun();
  await deps.db.$transaction(async (tx) => {
    const change = moveRun(await lockRun(tx, id), to, caller.memberId, deps.now());
    if (change) await saveRun(tx, id, change);
  });
  const run = await findRunInScope(deps.db, caller.scope, id);
  const [view] = run ? await viewRuns(deps, [run]) : [];
  if (!view) throw unknownRun();
  deps.live.publish(`contact.${view.contact.id}`, { part: 'contact', contactId: view.contact.id });
  return view;
}
