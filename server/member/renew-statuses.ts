import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { statusOf } from './account.ts';
import { listAccountsOf, listMembersWithContacts } from './account-store.ts';
import { listMembersById, saveMemberStatus } from './member-store.ts';
import { deleteSessionsOf } from './session-store.ts';

/**
 * Makes the members active or left as their accounts say; answers whose status that changed. No session outlives the
 * account it was opened with, and none of a member who left outlives this transaction.
 */
export async function renewStatuses(
  { platforms }: Pick<Deps, 'platforms'>,
  tx: Db,
  memberIds: readonly string[],
  at: Date,
): Promise<Set<string>> {
  const accounts = await listAccountsOf(tx, memberIds);
  const accountsOf = Map.groupBy(accounts, ({ memberId }) => memberId);
  const gone = accounts.filter(({ leftAt }) => leftAt !== null);
  for (const { memberId, platform } of gone) await deleteSessionsOf(tx, memberId, platform);

  const withContacts = platforms.all.filter(({ capabilities }) => capabilities.contacts).map(({ name }) => name);
  const following = await listMembersWithContacts(
    tx,
    withContacts,
    gone.map(({ memberId }) => memberId),
  );
  const changed = new Set<string>();
  for (const member of await listMembersById(tx, memberIds)) {
    const status = statusOf(
      (accountsOf.get(member.id) ?? []).map(({ platform, leftAt }) => ({
        isActive: leftAt === null,
        hasContacts: following.some((one) => one.memberId === member.id && one.platform === platform),
      })),
    );
    if (status === member.status) continue;
    await saveMemberStatus(tx, member.id, status, at);
    if (status === 'left') await deleteSessionsOf(tx, member.id);
    changed.add(member.id);
  }
  return changed;
}
