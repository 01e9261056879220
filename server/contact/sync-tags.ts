import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { runSync } from '#server/inbound/run-sync.ts';
import type { SyncRun } from '#server/inbound/sync-run.ts';
import { listTags, lockTags, saveTags } from './tag-store.ts';

export async function syncTags(deps: Deps, platform: string): Promise<SyncRun | null> {
  if (!deps.platforms.get(platform).capabilities.contacts) return null;
  return runSync(deps, {
    platform,
    kind: 'tags',
    cursor: z.never(),
    step: async () => {
      const repaired = await takeTags(deps, platform);
      const done = (await listTags(deps.db, platform)).length;
      return { next: null, done, repaired, total: done };
    },
  });
}

/** The library as the platform has it now; answers how many tags that changed. */
export async function takeTags(deps: Deps, platform: string): Promise<number> {
  const groups = await deps.platforms.get(platform).listTags();
  return deps.db.$transaction(async (tx) => {
    await lockTags(tx, platform);
    return saveTags(tx, platform, groups, deps.now());
  });
}
