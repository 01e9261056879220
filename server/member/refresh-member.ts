import type { Deps } from '#server/base/deps.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { findAccount, saveAccountLeft } from './account-store.ts';
import { applyMembers } from './apply-members.ts';
import type { Member } from './member.ts';
import { findMemberByKey, lockMembers, saveAccountKey } from './member-store.ts';
import { renewStatuses } from './renew-statuses.ts';

/** Asks the platform who this is now; null when it does not know them, who are then out. */
export async function refreshMember(deps: Deps, platform: string, key: PlatformKey): Promise<Member | null> {
  try {
    const profile = await deps.platforms.get(platform).getMember(key);
    await deps.db.$transaction((tx) => applyMembers(deps, tx, platform, [profile], deps.now()));
    return await findMemberByKey(deps.db, platform, key);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind !== 'not_found') throw error;
    await leaveMember(deps, platform, key);
    return null;
  }
}

/** The member behind a key, asked for when nobody has told us of them yet. */
export async function ensureMember(deps: Deps, platform: string, key: PlatformKey): Promise<Member | null> {
  return (await findMemberByKey(deps.db, platform, key)) ?? refreshMember(deps, platform, key);
}

/** A member who was told to have left is out first; that they are back already is asked after. */
export async function confirmLeft(deps: Deps, platform: string, key: PlatformKey): Promise<void> {
  await leaveMember(deps, platform, key);
  if (await findMemberByKey(deps.db, platform, key)) await refreshMember(deps, platform, key);
}

/** The same member under another key. */
export async function renameMember(deps: Deps, platform: string, from: PlatformKey, to: PlatformKey): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    await lockMembers(tx, platform);
    const [before, after] = [await findMemberByKey(tx, platform, from), await findMemberByKey(tx, platform, to)];
    if (before && !after) await saveAccountKey(tx, platform, from, to);
  });
  await refreshMember(deps, platform, to);
}

async function leaveMember(deps: Deps, platform: string, key: PlatformKey): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    await lockMembers(tx, platform);
    const account = await findAccount(tx, platform, key);
    if (!account) return;
    if (account.leftAt === null) await saveAccountLeft(tx, platform, key, deps.now());
    await renewStatuses(deps, tx, [account.memberId], deps.now());
  });
}
