import type { z } from 'zod';
import type { CustomerChange } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import type { changeView } from './customer-api.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { industryName } from './industry.ts';
import { regionName } from './region.ts';

export type ChangeView = z.infer<typeof changeView>;

/** Changes as people read them: members and codes by their names. */
export async function viewChanges(deps: Deps, changes: readonly CustomerChange[]): Promise<ChangeView[]> {
  const owners = changes.filter(({ field }) => field === 'ownerId').flatMap(({ before, after }) => [before, after]);
  const names = await listMemberNames(
    deps.db,
    [...changes.map(({ memberId }) => memberId), ...owners].filter((id) => typeof id === 'string'),
  );
  const read = (field: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value ?? null;
    switch (field) {
      case 'ownerId':
        return names.get(value) ?? null;
      case 'regionCode':
        return regionName(value) ?? value;
      case 'industryCode':
        return industryName(value) ?? value;
      default:
        return value;
    }
  };
  return changes.map(({ version, at, memberId, field, before, after }) => ({
    version,
    at: at.toISOString(),
    by: memberId && (names.get(memberId) ?? null),
    field,
    before: read(field, before),
    after: read(field, after),
  }));
}
