import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { SegmentView } from './segment-api.ts';
import { listUses, type Segment } from './segment-store.ts';

export async function viewSegment(deps: Deps, segment: Segment): Promise<SegmentView> {
  const [view] = await viewSegments(deps, [segment]);
  if (!view) throw new Error('A segment has one view.');
  return view;
}

export async function viewSegments(deps: Deps, segments: readonly Segment[]): Promise<SegmentView[]> {
  const [uses, names] = await Promise.all([
    listUses(
      deps.db,
      segments.map(({ id }) => id),
    ),
    listMemberNames(
      deps.db,
      segments.map(({ ownerId }) => ownerId),
    ),
  ]);
  return segments.map((segment) => ({
    id: segment.id,
    name: segment.name,
    description: segment.description,
    rule: segment.rule,
    version: segment.version,
    owner: { id: segment.ownerId, name: names.get(segment.ownerId) ?? '' },
    count: segment.count,
    countBefore: segment.countBefore,
    countedAt: segment.countedAt?.toISOString() ?? null,
    usedBy: uses.get(segment.id) ?? [],
    createdAt: segment.createdAt.toISOString(),
    updatedAt: segment.updatedAt.toISOString(),
  }));
}
