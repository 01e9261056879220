import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { hasAccount, isJoined, roleOfBoth, unknownAccount, type Account, type JoinReason } from './account.ts';
import {
  deleteMember,
  findAccount,
  isInHistory,
  listAccountsOf,
  listGivenRoles,
  moveMember,
  saveAccountMember,
} from './account-store.ts';
import { unknownMember } from './member.ts';
import {
  countActiveAdmins,
  listMembersById,
  lockAdmins,
  lockMember,
  lockMembers,
  saveMember,
  saveMemberStatus,
} from './member-store.ts';

export interface Joining {
  platform: string;
  key: PlatformKey;
  memberId: string;
}

/** An admin says whose account it is. */
export async function joinAccount(deps: Deps, caller: Caller, joining: Joining): Promise<Account> {
  return joinTo(deps, joining, { by: 'hand', memberId: caller.memberId });
}

/**
 * The account and everything its member had go to the other member, in one transaction. An emptied member whom a history
 * names stays as one who left, so that the name can be read there; any other is no more.
 */
export async function joinTo(
  deps: Deps,
  { platform, key, memberId }: Joining,
  because: { by: JoinReason; memberId: string | null },
): Promise<Account> {
  return deps.db.$transaction(
    async (tx) => {
      await lockAllMembers(deps, tx);
      const account = await findAccount(tx, platform, key);
      if (!account) throw unknownAccount();
      if (account.memberId === memberId) return account;
      const from = account.memberId;
      for (const id of [from, memberId].toSorted()) await lockMember(tx, id);
      const all = await listAccountsOf(tx, [from, memberId]);
      if (all.some((one) => one.memberId === from && one.leftAt === null && one !== findIn(all, account)))
        throw isJoined();
      if (all.some((one) => one.memberId === memberId && one.platform === platform && one.leftAt === null))
        throw hasAccount();

      const role = await settleRole(tx, { from, to: memberId });
      await moveMember(tx, from, memberId);
      const cameFrom = (await isInHistory(tx, from)) ? from : null;
      for (const one of all.filter((each) => each.memberId === from)) {
        await saveAccountMember(tx, one, { memberId, joinedBy: because.by, cameFrom });
      }
      if (cameFrom) await saveMemberStatus(tx, from, 'left', deps.now());
      else await deleteMember(tx, from);
      await recordAudit(tx, {
        memberId: because.memberId,
        action: 'member.joined',
        subject: `member:${memberId}`,
        detail: { platform, by: because.by, from, role },
      });
      return { ...account, memberId, joinedBy: because.by, cameFrom };
    },
    { timeout: 60_000 },
  );
}

/** No sync changes accounts meanwhile, of whatever platform. Always in the same order. */
export async function lockAllMembers(deps: Deps, tx: Db): Promise<void> {
  for (const { name } of deps.platforms.all.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await lockMembers(tx, name);
  await lockAdmins(tx);
}

async function settleRole(tx: Db, { from, to }: { from: string; to: string }): Promise<string> {
  const given = await listGivenRoles(tx, [from, to]);
  const members = await listMembersById(tx, [from, to]);
  const [kept, gone] = [members.find(({ id }) => id === to), members.find(({ id }) => id === from)];
  if (!kept || !gone || kept.status !== 'active') throw unknownMember();
  const role = roleOfBoth({ role: kept.role, isGiven: given.has(to) }, { role: gone.role, isGiven: given.has(from) });
  // Whichever way it was given: the company keeps its last admin.
  const isLastAdmin = gone.role === 'admin' && gone.status === 'active' && (await countActiveAdmins(tx)) === 1;
  const settled = isLastAdmin ? 'admin' : role;
  if (settled !== kept.role) await saveMember(tx, to, { role: settled });
  return settled;
}

function findIn(all: readonly Account[], { platform, key }: Account): Account | undefined {
  return all.find((one) => one.platform === platform && one.key === key);
}
