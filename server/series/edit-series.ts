import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { findWords } from '#server/material/find-words.ts';
import { listMaterialContents } from '#server/material/material-store.ts';
import { endRuns } from './run-store.ts';
import { edit, move, mustBeInOrder, mustManage, type SeriesDraft } from './series.ts';
import type { SeriesEntry, SeriesState, SeriesStep, SeriesView } from './series-api.ts';
import { entryId, insertSeries, listEntrySources, lockSeries, saveSeries } from './series-store.ts';
import { viewSeries } from './view-series.ts';

export async function createSeries(deps: Deps, caller: Caller, draft: SeriesDraft): Promise<SeriesView> {
  await mustBeRight(deps.db, draft);
  return viewSeries(deps, await insertSeries(deps.db, draft, caller.memberId, deps.now()));
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
    if (to === 'running') await mustHaveEntry(tx, series.entry);
    if (to === 'ended') await endRuns(tx, id, 'ended', deps.now());
    const detail = { from: series.state, to };
    await recordAudit(tx, { memberId: caller.memberId, action: 'series.moved', subject: `series:${id}`, detail });
    return saveSeries(tx, id, change, deps.now());
  });
  return viewSeries(deps, saved);
}

async function mustBeRight(db: Db, { entry, steps }: SeriesDraft): Promise<void> {
  mustBeInOrder(steps);
  await mustHaveEntry(db, entry);
  await mustHaveMaterials(db, steps);
  for (const [at, { action }] of steps.entries()) {
    const text = action.kind === 'message' ? action.text : '';
    const words = (await findWords(db, text)).filter(({ level }) => level === 'forbid').map(({ word }) => word);
    if (words.length > 0) {
      const path = `steps.${at}.action.text`;
      throw new Refusal('series.word_forbidden', `${path} says what may not be sent: ${words.join(', ')}.`, 400, {
        path,
        words,
      });
    }
  }
}

async function mustHaveEntry(db: Db, entry: SeriesEntry): Promise<void> {
  const source = (await listEntrySources(db, [entry])).get(entryId(entry));
  if (source && !source.isGone) return;
  const path = entry.kind === 'segment' ? 'entry.segmentId' : 'entry.channelId';
  throw new Refusal('series.entry_unknown', `${path} names a ${entry.kind} that is not there any more.`, 400, { path });
}

async function mustHaveMaterials(db: Db, steps: readonly SeriesStep[]): Promise<void> {
  const ids = steps.flatMap(({ action }) => (action.kind === 'message' ? (action.materialId ?? []) : []));
  const known = await listMaterialContents(db, ids);
  const at = steps.findIndex(({ action }) => {
    const id = action.kind === 'message' ? action.materialId : null;
    return id !== null && known.get(id)?.archivedAt !== null;
  });
  if (at === -1) return;
  const path = `steps.${at}.action.materialId`;
  throw new Refusal('series.material_unknown', `${path} names a material that is not there any more.`, 400, { path });
}
