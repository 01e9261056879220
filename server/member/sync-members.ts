import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { runSync, type SyncStep } from '#server/inbound/run-sync.ts';
import type { SyncRun } from '#server/inbound/sync-run.ts';
import type { MemberProfile } from '#server/platform/member.ts';
import { applyMembers } from './apply-members.ts';
import { listDepartmentKeysAfter, saveDepartments } from './department-store.ts';
import { joinTwins } from './join-twins.ts';
import { countAccounts, countSeen, listUnseenKeys, lockMembers } from './member-store.ts';
import { refreshMember } from './refresh-member.ts';

/** Small departments are applied together: what a step costs is mostly its round trips. */
const DEPARTMENTS_PER_STEP = 30;
const MEMBERS_PER_STEP = 200;
const UNSEEN_PER_STEP = 20;

/** First the departments, then the members of each, then those no department showed. */
export const membersCursor = z.object({
  startedAt: z.iso.datetime(),
  part: z.enum(['listed', 'unseen']),
  afterDepartment: z.string(),
});
export type MembersCursor = z.infer<typeof membersCursor>;

export async function syncMembers(deps: Deps, platform: string): Promise<SyncRun | null> {
  const run = await runSync(deps, {
    platform,
    kind: 'members',
    cursor: membersCursor,
    step: (cursor) => membersStep(deps, platform, cursor),
  });
  if (run?.state === 'done') await joinTwins(deps);
  return run;
}

/** A page of the walk; `repaired` counts members and departments that were not what the platform says. */
export async function membersStep(
  deps: Deps,
  platform: string,
  cursor: MembersCursor | null,
): Promise<SyncStep<MembersCursor>> {
  if (!cursor) {
    const repaired = await syncDepartments(deps, platform);
    const startedAt = deps.now().toISOString();
    return { next: { startedAt, part: 'listed', afterDepartment: '' }, done: 0, repaired };
  }
  return cursor.part === 'listed' ? listedStep(deps, platform, cursor) : unseenStep(deps, platform, cursor);
}

/** Answers how many departments changed. */
export async function syncDepartments(deps: Deps, platform: string): Promise<number> {
  const departments = await deps.platforms.get(platform).listDepartments();
  return deps.db.$transaction(async (tx) => {
    await lockMembers(tx, platform);
    return saveDepartments(tx, platform, departments);
  });
}

async function listedStep(deps: Deps, platform: string, cursor: MembersCursor): Promise<SyncStep<MembersCursor>> {
  const keys = await listDepartmentKeysAfter(deps.db, platform, cursor.afterDepartment, DEPARTMENTS_PER_STEP);
  const profiles: MemberProfile[] = [];
  let afterDepartment: string | null = null;
  for (const key of keys) {
    profiles.push(...(await deps.platforms.get(platform).listMembers(key)));
    afterDepartment = key;
    if (profiles.length >= MEMBERS_PER_STEP) break;
  }
  if (afterDepartment === null) {
    return { next: { ...cursor, part: 'unseen' }, done: 0, total: await countAccounts(deps.db, platform) };
  }
  // Whoever is in several departments is listed in each.
  const shown = [...new Set(profiles.map((profile) => profile.key))];
  const seen = await countSeen(deps.db, platform, shown, new Date(cursor.startedAt));
  const repaired = await deps.db.$transaction((tx) => applyMembers(deps, tx, platform, profiles, deps.now()), {
    timeout: 60_000,
  });
  return { next: { ...cursor, afterDepartment }, done: shown.length - seen, repaired };
}

/** A list that lacks somebody may be a short list: each is asked for by name before they are out. */
async function unseenStep(deps: Deps, platform: string, cursor: MembersCursor): Promise<SyncStep<MembersCursor>> {
  const keys = await listUnseenKeys(deps.db, platform, new Date(cursor.startedAt), UNSEEN_PER_STEP);
  let gone = 0;
  for (const key of keys) {
    if ((await refreshMember(deps, platform, key)) === null) gone += 1;
  }
  return { next: keys.length === 0 ? null : cursor, done: keys.length, repaired: gone };
}
