import type { Notice } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { getMember, findAccounts } from '#server/member/member-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { Platform } from '#server/platform/platform.ts';
import { isWorthless, nextAttemptAfter } from './notice.ts';
import { claimNotice, settleNotice } from './notice-store.ts';

/**
 * Sends a waiting notice. It is claimed first, so it is sent by one; one whose answer never came may have arrived and is
 * not sent again.
 */
export async function sendNotice(deps: Deps, { key }: { key: string }): Promise<void> {
  const notice = await claimNotice(deps.db, deps.cipher, key, deps.now());
  if (!notice) return;
  const settle = (outcome: Parameters<typeof settleNotice>[2]) => settleNotice(deps.db, key, outcome);
  if (isWorthless(notice, deps.now())) return settle({ state: 'failed', lastError: 'It could not be sent in time.' });
  const accounts = await listReachable(deps, notice);
  if (accounts.length === 0) return settle({ state: 'failed', lastError: 'The member has no account to send it to.' });
  try {
    for (const { platform, key: to } of accounts) {
      const { unreached } = await platform.sendNotice([to], messageOf(deps, notice));
      if (unreached.length === 0) return await settle({ state: 'sent', sentAt: deps.now(), lastError: null });
    }
    await settle({ state: 'failed', lastError: 'The platform does not reach this member.' });
  } catch (error) {
    await settle(afterError(error, notice, deps.now()));
    const isForQueue = !(error instanceof PlatformError) || ['rate_limited', 'unavailable'].includes(error.kind);
    if (isForQueue) throw error;
  }
}

/**
 * The member's accounts in the order in which they are tried: what opens the sidebar goes first where there is one.
 * Nobody who left is written to.
 */
async function listReachable(deps: Deps, { memberId, path }: Notice): Promise<{ platform: Platform; key: string }[]> {
  if ((await getMember(deps.db, memberId)).status !== 'active') return [];
  const keys = new Map((await findAccounts(deps.db, [memberId])).map(({ platform, key }) => [platform, key]));
  const accounts = deps.platforms.all.flatMap((platform) => {
    const key = keys.get(platform.name);
    return key === undefined ? [] : [{ platform, key }];
  });
  const opensSidebar = path?.startsWith('/sidebar.html') ?? false;
  return opensSidebar ? accounts.toSorted((a, b) => rankOf(a.platform) - rankOf(b.platform)) : accounts;
}

const rankOf = ({ capabilities }: Platform) => (capabilities.sidebar ? 0 : 1);

function messageOf(deps: Deps, { text, path }: Notice): { text: string; url?: string } {
  return path ? { text, url: `${deps.config.PUBLIC_URL}${path}` } : { text };
}

function afterError(error: unknown, { attempts }: Notice, now: Date): Parameters<typeof settleNotice>[2] {
  if (!(error instanceof PlatformError)) return { state: 'unknown', lastError: 'Sending it failed on our side.' };
  switch (error.kind) {
    case 'unknown':
      return { state: 'unknown', lastError: error.message };
    case 'rejected':
    case 'not_found':
      return { state: 'failed', lastError: error.message };
    case 'forbidden':
    case 'rate_limited':
    case 'unavailable':
      return { state: 'waiting', lastError: error.message, nextAttemptAt: nextAttemptAfter(attempts, now) };
  }
}
