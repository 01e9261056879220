import type { Db } from '#server/base/database.ts';
import type { MemberProfile } from '#server/platform/platform.ts';
import { saveMembersDepartments } from './department-store.ts';
import { initialRole, type Member } from './member.ts';
import { insertMembers, listAccounts, lockMembers, saveMember, saveMemberStatus, saveSeen } from './member-store.ts';
import { deleteSessionsOf } from './session-store.ts';

/** Makes the stored members what these profiles say; answers how many that changed. Inside a transaction. */
export async function applyMembers(
  tx: Db,
  platform: string,
  profiles: readonly MemberProfile[],
  at: Date,
): Promise<number> {
  await lockMembers(tx, platform);
  const keys = profiles.map(({ key }) => key);
  const known = new Map((await listAccounts(tx, platform, keys)).map(({ key, member }) => [key, member]));
  const fresh = profiles.filter(({ key }) => !known.has(key));
  const added = await insertMembers(tx, platform, fresh.map(newMember), at);

  const changed = new Set(fresh.map(({ key }) => key));
  for (const profile of profiles) {
    const member = known.get(profile.key);
    if (member && (await renewMember(tx, member, profile, at))) changed.add(profile.key);
  }
  // Members who left keep their departments: their customers are still those of the department.
  const placed = profiles.flatMap(({ key, active, departments }) => {
    const id = known.get(key)?.id ?? added.get(key);
    return active && id ? [{ key, id, departments }] : [];
  });
  const moved = await saveMembersDepartments(tx, platform, placed);
  for (const { key, id } of placed) if (moved.has(id)) changed.add(key);
  await saveSeen(tx, platform, keys, at);
  return changed.size;
}

/** Out at once: no session outlives this transaction. */
export async function putOut(tx: Db, memberId: string, at: Date): Promise<void> {
  await saveMemberStatus(tx, memberId, 'left', at);
  await deleteSessionsOf(tx, memberId);
}

function newMember({ key, name, position, avatar, active }: MemberProfile) {
  const status: Member['status'] = active ? 'active' : 'left';
  return { key, name, position, avatar, role: initialRole(position), status };
}

async function renewMember(tx: Db, known: Member, profile: MemberProfile, at: Date): Promise<boolean> {
  const { name, position, avatar, active } = profile;
  const isSame = known.name === name && known.position === position && known.avatar === avatar;
  if (!isSame) await saveMember(tx, known.id, { name, position, avatar });
  const status = active ? 'active' : 'left';
  if (known.status === status) return !isSame;
  if (active) await saveMemberStatus(tx, known.id, 'active', at);
  else await putOut(tx, known.id, at);
  return true;
}
