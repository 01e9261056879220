import type { Deps } from '#server/base/deps.ts';
import type { Account } from './account.ts';
import { listAccountsOf, listLikeAccounts, pageAccounts } from './account-store.ts';
import type { AccountView } from './member-api.ts';
import { viewMember } from './member.ts';
import { listFullMembers } from './member-store.ts';

const MATCHES_MAX = 5;

/** A page of accounts, by name. */
export async function listAccountViews(
  deps: Deps,
  query: {
    platform?: string | undefined;
    search?: string | undefined;
    single: boolean;
    after?: string | undefined;
    limit: number;
  },
): Promise<{ items: AccountView[]; nextAfter: string | null }> {
  const { platform, search, single, after, limit } = query;
  const accounts = await pageAccounts(deps.db, {
    platform,
    search: search?.trim(),
    missingOn: single ? deps.platforms.all.map(({ name }) => name) : undefined,
    after: after ? pointOf(after) : null,
    limit: limit + 1,
  });
  const shown = accounts.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: await viewAccounts(deps, shown),
    nextAfter: accounts.length > limit && last ? cursorOf(last) : null,
  };
}

export async function viewAccount(deps: Deps, account: Account): Promise<AccountView> {
  const [view] = await viewAccounts(deps, [account]);
  if (!view) throw new Error('An account has one view.');
  return view;
}

async function viewAccounts(deps: Deps, accounts: readonly Account[]): Promise<AccountView[]> {
  const others = await listAccountsOf(
    deps.db,
    accounts.map(({ memberId }) => memberId),
  );
  const alike = new Map<string, Account[]>();
  for (const [platform, here] of Map.groupBy(accounts, (account) => account.platform)) {
    alike.set(platform, await listLikeAccounts(deps.db, platform, here));
  }
  const members = await listFullMembers(deps.db, [
    ...accounts.map(({ memberId }) => memberId),
    ...[...alike.values()].flat().map(({ memberId }) => memberId),
  ]);
  return accounts.flatMap((account) => {
    const member = members.get(account.memberId);
    if (!member) return [];
    const siblings = others.filter(
      (one) => one.memberId === account.memberId && one.leftAt === null && !isSame(one, account),
    );
    return [
      {
        platform: account.platform,
        key: account.key,
        name: account.name,
        joinedBy: account.joinedBy,
        active: account.leftAt === null,
        syncedAt: account.syncedAt.toISOString(),
        member: viewMember(member),
        others: siblings.map(({ platform, key, name }) => ({ platform, key, name })),
        matches: matchesOf(account, siblings, alike.get(account.platform) ?? []).flatMap(({ memberId, because }) => {
          const match = members.get(memberId);
          return match ? [{ member: viewMember(match), because }] : [];
        }),
      },
    ];
  });
}

const isSame = (one: Account, other: Account) => one.platform === other.platform && one.key === other.key;

/** Those who have an account where this one's member has one are other people. */
function matchesOf(account: Account, siblings: readonly Account[], alike: readonly Account[]) {
  if (siblings.length > 0) return [];
  const found = new Map<string, 'mobile' | 'email' | 'name'>();
  const reasons = [
    ['mobile', (one: Account) => one.phoneHash !== null && one.phoneHash === account.phoneHash],
    ['email', (one: Account) => one.emailHash !== null && one.emailHash === account.emailHash],
    ['name', (one: Account) => one.name !== '' && one.name === account.name],
  ] as const;
  for (const [because, isAlike] of reasons) {
    for (const one of alike)
      if (isAlike(one) && one.memberId !== account.memberId && !found.has(one.memberId))
        found.set(one.memberId, because);
  }
  return [...found].slice(0, MATCHES_MAX).map(([memberId, because]) => ({ memberId, because }));
}

function cursorOf({ name, platform, key }: Account): string {
  return Buffer.from(JSON.stringify([name, platform, key])).toString('base64url');
}

/** A cursor nobody was given begins at the beginning. */
function pointOf(cursor: string): { name: string; platform: string; key: string } | null {
  try {
    const [name, platform, key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    return typeof name === 'string' && typeof platform === 'string' && typeof key === 'string'
      ? { name, platform, key }
      : null;
  } catch {
    return null;
  }
}
