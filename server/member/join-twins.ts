import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { matchAccounts } from './account.ts';
import { listTwins } from './account-store.ts';
import { joinTo } from './join-account.ts';

/**
 * Members who turn out to be one, since two platforms name the same mobile or email: the later one joins the earlier.
 * Answers how many did.
 */
export async function joinTwins(deps: Deps): Promise<number> {
  let joined = 0;
  for (const { name: platform } of deps.platforms.all) {
    const twins = await listTwins(deps.db);
    const here = twins.filter((account) => account.platform === platform);
    const there = twins.filter(
      (account) => account.platform !== platform && !here.some((one) => one.memberId === account.memberId),
    );
    // Who was here first is joined to nobody who came later: their turn comes on the other's platform.
    const later = (memberId: string, than: (typeof twins)[number]) =>
      there.some((one) => one.memberId === memberId && one.memberSince > than.memberSince);
    for (const [account, { memberId, by }] of matchAccounts(
      here.map((account) => ({ of: account, phoneHash: account.phoneHash, emailHash: account.emailHash })),
      there,
    )) {
      if (later(memberId, account) || (by === 'email' && account.role === 'admin')) continue;
      try {
        await joinTo(deps, { platform, key: account.key, memberId }, { by, memberId: null });
        joined += 1;
      } catch (error) {
        // Somebody joined or separated them meanwhile.
        if (!(error instanceof Refusal)) throw error;
      }
    }
  }
  return joined;
}
