import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import type { MemberProfile } from '#server/platform/member.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { hashesOf, higherRole, leads, matchAccounts, type Account, type Match } from './account.ts';
import { listAccountsOf, listCandidates, listGivenRoles, saveAccounts, type AccountColumns } from './account-store.ts';
import { saveMembersDepartments } from './department-store.ts';
import { initialRole, type Member } from './member.ts';
import { insertMembers, listAccounts, listMembersById, lockMembers, saveMember, saveProfiles } from './member-store.ts';
import { renewStatuses } from './renew-statuses.ts';

type Tools = Pick<Deps, 'cipher' | 'platforms'>;

/**
 * Makes the stored members what these profiles say; answers how many that changed. Inside a transaction. A new account
 * joins the member it belongs to, where the other platforms leave no doubt who that is.
 */
export async function applyMembers(
  tools: Tools,
  tx: Db,
  platform: string,
  shown: readonly MemberProfile[],
  at: Date,
): Promise<number> {
  await lockMembers(tx, platform);
  const profiles = [...new Map(shown.map((profile) => [profile.key, profile])).values()];
  const keys = profiles.map(({ key }) => key);
  const known = new Map((await listAccounts(tx, platform, keys)).map(({ key, member }) => [key, member]));
  const fresh = profiles.filter(({ key }) => !known.has(key));
  const matches = await matchFresh(tools, tx, platform, fresh);
  const added = await insertMembers(tx, fresh.filter(({ key }) => !matches.has(key)).map(newMember), at);
  const idOf = (key: PlatformKey) => known.get(key)?.id ?? matches.get(key)?.memberId ?? added.get(key);

  const before = await listAccountsOf(
    tx,
    keys.flatMap((key) => idOf(key) ?? []),
  );
  const accounts = profiles.flatMap((profile) => {
    const memberId = idOf(profile.key);
    const old = before.find((account) => account.platform === platform && account.key === profile.key);
    const joinedBy = old?.joinedBy ?? matches.get(profile.key)?.by ?? ('own' as const);
    return memberId ? [accountOf(tools, profile, { memberId, joinedBy, leftAt: old?.leftAt ?? at })] : [];
  });
  await saveAccounts(tx, platform, accounts, at);

  const changed = new Set(fresh.map(({ key }) => key));
  await raiseRoles(tx, fresh, matches);
  for (const key of await renewProfiles(tx, platform, profiles, known, before)) changed.add(key);
  // Members who left keep their departments: their customers are still those of the department.
  const placed = profiles.flatMap(({ key, active, departments }) => {
    const id = idOf(key);
    return active && id ? [{ key, id, departments }] : [];
  });
  const touched = new Set([
    ...(await saveMembersDepartments(tx, platform, placed)),
    ...(await renewStatuses(
      tools,
      tx,
      accounts.map(({ memberId }) => memberId),
      at,
    )),
  ]);
  for (const { key, memberId } of accounts) if (touched.has(memberId)) changed.add(key);
  return changed.size;
}

function newMember({ key, name, position, avatar, active }: MemberProfile) {
  const status: Member['status'] = active ? 'active' : 'left';
  return { key, name, position, avatar, role: initialRole(position), status };
}

function accountOf(
  { cipher }: Tools,
  profile: MemberProfile,
  of: Pick<AccountColumns, 'memberId' | 'joinedBy'> & { leftAt: Date },
): AccountColumns {
  const { key, name, active } = profile;
  return { ...of, key, name, leftAt: active ? null : of.leftAt, ...hashesOf(cipher, profile) };
}

async function matchFresh(
  { cipher }: Tools,
  tx: Db,
  platform: string,
  fresh: readonly MemberProfile[],
): Promise<Map<PlatformKey, Match>> {
  const accounts = fresh
    .filter(({ active }) => active)
    .map((profile) => ({ of: profile.key, ...hashesOf(cipher, profile) }))
    .filter(({ phoneHash, emailHash }) => phoneHash !== null || emailHash !== null);
  return accounts.length === 0 ? new Map() : matchAccounts(accounts, await listCandidates(tx, platform, accounts));
}

/** Who is a manager on one of the platforms is one, unless somebody has said what they are. */
async function raiseRoles(tx: Db, fresh: readonly MemberProfile[], matches: Map<PlatformKey, Match>): Promise<void> {
  const ids = [...matches.values()].map(({ memberId }) => memberId);
  if (ids.length === 0) return;
  const given = await listGivenRoles(tx, ids);
  const members = new Map((await listMembersById(tx, ids)).map((member) => [member.id, member]));
  for (const { key, position } of fresh) {
    const member = members.get(matches.get(key)?.memberId ?? '');
    if (!member || given.has(member.id)) continue;
    const role = higherRole(member.role, initialRole(position));
    if (role !== member.role) await saveMember(tx, member.id, { role });
  }
}

/** Answers the keys of those who are called or look otherwise than before. */
async function renewProfiles(
  tx: Db,
  platform: string,
  profiles: readonly MemberProfile[],
  known: ReadonlyMap<PlatformKey, Member>,
  accounts: readonly Account[],
): Promise<PlatformKey[]> {
  const accountsOf = Map.groupBy(accounts, ({ memberId }) => memberId);
  const renewed = profiles.flatMap(({ key, name, position, avatar }) => {
    const member = known.get(key);
    if (!member || (member.name === name && member.position === position && member.avatar === avatar)) return [];
    const all = accountsOf.get(member.id) ?? [];
    const account = all.find((one) => one.platform === platform && one.key === key);
    const others = all.filter((one) => one !== account);
    return account && leads(account, others) ? [{ key, id: member.id, name, position, avatar }] : [];
  });
  await saveProfiles(tx, renewed);
  return renewed.map(({ key }) => key);
}
