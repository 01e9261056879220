import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { MaterialContent } from './material-api.ts';
import { getMaterial, insertUses } from './material-store.ts';
import { renewMedia } from './renew-media.ts';

/** For a rep beside a chat. `mediaKey` is of its file; null when it has none or the platform takes none. */
export async function useMaterial(
  deps: Deps,
  caller: Caller,
  { id, platform: name }: { id: string; platform: string },
): Promise<{ mediaKey: string | null; content: MaterialContent }> {
  const platform = deps.platforms.get(name);
  const { content, fileId, archivedAt } = await getMaterial(deps.db, id);
  if (archivedAt) throw new Refusal('material.archived', 'This material is no longer in use. Choose another.', 409);
  const mediaKey = fileId && platform.media ? await renewMedia(deps, platform, fileId) : null;
  await insertUses(deps.db, [{ materialId: id, memberId: caller.memberId, place: 'sidebar', at: deps.now() }]);
  return { mediaKey, content };
}
