import type { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { ListRow } from './list-store.ts';
import type { listView } from './segment-api.ts';

export type ListView = z.infer<typeof listView>;

export async function viewLists(deps: Deps, rows: readonly ListRow[]): Promise<ListView[]> {
  const names = await listMemberNames(
    deps.db,
    rows.map(({ createdBy }) => createdBy),
  );
  return rows.map(({ id, name, count, createdBy, createdAt }) => ({
    id,
    name,
    count,
    createdBy: { id: createdBy, name: names.get(createdBy) ?? '' },
    createdAt: createdAt.toISOString(),
  }));
}

export async function viewList(deps: Deps, row: ListRow): Promise<ListView> {
  const [view] = await viewLists(deps, [row]);
  if (!view) throw new Error('A list has one view.');
  return view;
}
