import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { RequestInvalid, type Problem } from '#server/base/refusal.ts';
import { findWords } from '#server/material/find-words.ts';
import { listMaterialContents } from '#server/material/material-store.ts';
import { endRuns } from './run-store.ts';
import { edit, move, mustManage, orderProblems, type SeriesDraft } from './series.ts';
import type { SeriesEntry, SeriesState, SeriesStep, SeriesView } from './series-api.ts';
import { entryId, getSeries, insertSeries, listEntrySources, lockSeries, saveSeries } from './series-store.ts';
import { viewSeries } from './view-series.ts';

export async function createSeries(
  deps: Deps,
  { memberId }: Caller,
  { requestKey, ...draft }: SeriesDraft & { requestKey?: string | undefined },
): Promise<SeriesView> {
  const asked = { memberId, requestKey, deed: 'series.create', content: draft };
  const series = await once(deps, asked, {
    async first(take) {
      await mustBeRight(deps.db, draft);
      return deps.db.$transaction((tx) => take(tx, () => insertSeries(tx, draft, memberId, deps.now())));
    },
    again: (id) => getSeries(deps.db, id),
  });
  return viewSeries(deps, series);
}

/** Who is on the way goes on by the steps they came in with. */
export async function editSeries(
  deps: Deps,
  caller: Caller,
  id: string,
  draft: SeriesDraft & { version: number },
): Promise<SeriesView> {
  await mustBeRight(deps.db, draft);
  const saved = await deps.db.$transaction(async (tx) => {
    const series = await lockSeries(tx, id);
    mustManage(caller, series);
    return saveSeries(tx, id, edit(series, draft, deps.now()), deps.now());
  });
  return viewSeries(deps, saved);
}

/** Starts, pauses, resumes or ends it. When it ends, everybody on the way leaves. */
export async function moveSeries(deps: Deps, caller: Caller, id: string, to: SeriesState): Promise<SeriesView> {
  const saved = await deps.db.$transaction(async (tx) => {
    const series = await lockSeries(tx, id);
    mustManage(caller, series);
    const change = move(series, to, deps.now());
    if (!change) return series;
    const problems = to === 'running' ? await entryProblems(tx, series.entry) : [];
    if (problems.length > 0) throw new RequestInvalid(problems);
    if (to === 'ended') await endRuns(tx, id, 'ended', deps.now());
    const detail = { from: series.state, to };
    await recordAudit(tx, { memberId: caller.memberId, action: 'series.moved', subject: `series:${id}`, detail });
    return saveSeries(tx, id, change, deps.now());
  });
  return viewSeries(deps, saved);
}

async function mustBeRight(db: Db, { entry, steps }: SeriesDraft): Promise<void> {
  const problems = [
    ...(await entryProblems(db, entry)),
    ...orderProblems(steps),
    ...(await materialProblems(db, steps)),
    ...(await wordProblems(db, steps)),
  ];
  if (problems.length > 0) throw new RequestInvalid(problems);
}

async function entryProblems(db: Db, entry: SeriesEntry): Promise<Problem[]> {
  const source = (await listEntrySources(db, [entry])).get(entryId(entry));
  if (source && !source.isGone) return [];
  const path = entry.kind === 'segment' ? 'body.entry.segmentId' : 'body.entry.channelId';
  return [{ path, message: `This ${entry.kind} is not there any more.` }];
}

async function materialProblems(db: Db, steps: readonly SeriesStep[]): Promise<Problem[]> {
  const idOf = ({ action }: SeriesStep) => (action.kind === 'message' ? action.materialId : null);
  const known = await listMaterialContents(
    db,
    steps.flatMap((step) => idOf(step) ?? []),
  );
  return steps.flatMap((step, at) => {
    const id = idOf(step);
    const isThere = id === null || known.get(id)?.archivedAt === null;
    const message = 'This material is not there any more.';
    return isThere ? [] : [{ path: `body.steps.${at}.action.materialId`, message }];
  });
}

/** What is proposed to be sent may not say what may not go out. */
async function wordProblems(db: Db, steps: readonly SeriesStep[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [at, { action }] of steps.entries()) {
    const found = action.kind === 'message' ? await findWords(db, action.text) : [];
    const words = found.filter(({ level }) => level === 'forbid').map(({ word }) => word);
    const message = `It says what may not be sent: ${words.join(', ')}.`;
    if (words.length > 0) problems.push({ path: `body.steps.${at}.action.text`, message });
  }
  return problems;
}
