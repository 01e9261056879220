import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { notJoined, unknownAccount, type Account } from './account.ts';
import {
  findAccount,
  insertBareMember,
  listAccountsOf,
  moveAccountPlaces,
  saveAccountMember,
} from './account-store.ts';
import { lockAllMembers } from './join-account.ts';
import { saveMember, saveMemberStatus } from './member-store.ts';
import { deleteSessionsOf } from './session-store.ts';

/**
 * The account is a member of its own again, with its departments, contacts and conversations: the platform says whose
 * these are. What the member was given otherwise stays where it is.
 */
export async function separateAccount(
  deps: Deps,
  caller: Caller,
  { platform, key }: { platform: string; key: PlatformKey },
): Promise<Account> {
  return deps.db.$transaction(
    async (tx) => {
      await lockAllMembers(deps, tx);
      const account = await findAccount(tx, platform, key);
      if (!account) throw unknownAccount();
      const joint = account.memberId;
      const others = (await listAccountsOf(tx, [joint])).filter((one) => one.platform !== platform || one.key !== key);
      if (others.length === 0 || ['own', 'apart'].includes(account.joinedBy)) throw notJoined();

      const isFree = account.cameFrom !== null && (await listAccountsOf(tx, [account.cameFrom])).length === 0;
      const memberId =
        isFree && account.cameFrom ? account.cameFrom : await insertBareMember(tx, account.name, deps.now());
      if (account.name !== '') await saveMember(tx, memberId, { name: account.name });
      await saveMemberStatus(tx, memberId, account.leftAt === null ? 'active' : 'left', deps.now());
      await moveAccountPlaces(tx, platform, joint, memberId);
      await deleteSessionsOf(tx, joint, platform);
      await saveAccountMember(tx, account, { memberId, joinedBy: 'apart', cameFrom: null });
      await recordAudit(tx, {
        memberId: caller.memberId,
        action: 'member.separated',
        subject: `member:${joint}`,
        detail: { platform, to: memberId },
      });
      return { ...account, memberId, joinedBy: 'apart', cameFrom: null };
    },
    { timeout: 60_000 },
  );
}
