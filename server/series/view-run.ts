import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { listRunsOf, pageRuns, type ShownRun } from './run-store.ts';
import type { RunState, RunView } from './series-api.ts';
import { getSeries } from './series-store.ts';

export async function listRuns(
  deps: Deps,
  { scope }: Caller,
  seriesId: string,
  { state, after, limit }: { state: RunState | undefined; after: string | null; limit: number },
): Promise<{ items: RunView[]; nextAfter: string | null }> {
  await getSeries(deps.db, seriesId);
  const runs = await pageRuns(deps.db, scope, { seriesId, state }, { after, limit });
  return { items: await viewRuns(deps, runs), nextAfter: runs.length < limit ? null : (runs.at(-1)?.id ?? null) };
}

/** What every series did with a contact, and why. */
export async function runsOfContact(deps: Deps, caller: Caller, contactId: string): Promise<RunView[]> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  return viewRuns(deps, await listRunsOf(deps.db, contactId));
}

export async function viewRuns(deps: Deps, runs: ShownRun[]): Promise<RunView[]> {
  const members = await listMemberNames(
    deps.db,
    runs.map(({ memberId }) => memberId),
  );
  return runs.map((run) => ({
    id: run.id,
    series: { id: run.seriesId, name: run.seriesName },
    contact: { id: run.contactId, name: run.contactName },
    member: { id: run.memberId, name: members.get(run.memberId) ?? '' },
    state: run.state,
    step: run.step,
    steps: run.steps,
    enteredAt: run.enteredAt.toISOString(),
    nextAt: run.nextAt?.toISOString() ?? null,
    leftBecause: run.leftBecause,
    history: run.history.map(({ step, at, result, reason }) => ({
      step,
      at: at.toISOString(),
      result: result as 'done' | 'skipped',
      reason,
    })),
  }));
}
