import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { Series } from './series.ts';
import type { SeriesView } from './series-api.ts';
import { countRuns, entryId, listEntrySources, listSeries } from './series-store.ts';

/** More than anybody keeps an eye on. */
const SHOWN_MAX = 500;

export async function viewAllSeries(deps: Deps): Promise<SeriesView[]> {
  return viewMany(deps, await listSeries(deps.db, SHOWN_MAX));
}

export async function viewSeries(deps: Deps, series: Series): Promise<SeriesView> {
  const [view] = await viewMany(deps, [series]);
  if (!view) throw new Error('A series has one view.');
  return view;
}

async function viewMany(deps: Deps, all: Series[]): Promise<SeriesView[]> {
  const [counts, sources, owners] = await Promise.all([
    countRuns(
      deps.db,
      all.map(({ id }) => id),
    ),
    listEntrySources(
      deps.db,
      all.map(({ entry }) => entry),
    ),
    listMemberNames(
      deps.db,
      all.map(({ ownerId }) => ownerId),
    ),
  ]);
  return all.map((series) => {
    const { id, name, state, entry, steps, endOnReply, ownerId, version, updatedAt } = series;
    const { running = 0, paused = 0, done = 0, left = 0 } = counts.get(id) ?? {};
    return {
      id,
      name,
      state,
      entry,
      steps,
      endOnReply,
      version,
      entryName: sources.get(entryId(entry))?.name ?? '',
      owner: { id: ownerId, name: owners.get(ownerId) ?? '' },
      running: running + paused,
      done,
      left,
      updatedAt: updatedAt.toISOString(),
    };
  });
}
