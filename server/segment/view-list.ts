import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { ListRow } from './list-store.ts';
import type { ListView } from './segment-api.ts';
import { listsIn } from './segment.ts';
import { listRulesInUse } from './segment-store.ts';

export async function viewLists(deps: Deps, rows: readonly ListRow[]): Promise<ListView[]> {
  const names = await listMemberNames(
    deps.db,
    rows.map(({ createdBy }) => createdBy),
  );
  const rules = await listRulesInUse(deps.db);
  const uses = rules.flatMap(({ rule, kind, id, name }) =>
    listsIn(rule).map((listId) => ({ listId, use: { kind, id, name } })),
  );
  return rows.map(({ id, name, count, createdBy, createdAt }) => ({
    id,
    name,
    count,
    usedBy: uses.filter(({ listId }) => listId === id).map(({ use }) => use),
    createdBy: { id: createdBy, name: names.get(createdBy) ?? '' },
    createdAt: createdAt.toISOString(),
  }));
}

export async function viewList(deps: Deps, row: ListRow): Promise<ListView> {
  const [view] = await viewLists(deps, [row]);
  if (!view) throw new Error('A list has one view.');
  return view;
}
