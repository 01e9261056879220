import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { findLatestSyncRun } from '#server/inbound/sync-run-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { findAccount } from './account-store.ts';
import { cannotLogIn, type Member } from './member.ts';
import { findMemberByKey, getMember, hadAdmin, lockAdmins, lockMember, saveMember } from './member-store.ts';
import { refreshMember } from './refresh-member.ts';
import { isLoginStateValid, newLoginNonce, newSessionToken, SESSION_DAYS, signLoginState } from './session.ts';
import { deleteEndedSessions, insertSession } from './session-store.ts';

/** Where the browser goes, and what it keeps to show on its return that it was the one sent. */
export function beginLogin(deps: Deps, about: { platform: string; page: string }): { url: string; nonce: string } {
  const nonce = newLoginNonce();
  const state = signLoginState(deps.config.SESSION_SECRET, about.platform, nonce, deps.now());
  const url = deps.platforms.get(about.platform).loginUrl(`${deps.config.PUBLIC_URL}${about.page}`, state);
  return { url, nonce };
}

/**
 * Opens a session for whoever the platform says came back with `code`. A page that came back from the platform passes
 * the state it came with, whatever it is: a login that somebody else began is refused.
 */
export async function logIn(
  deps: Deps,
  given: { platform: string; code: string; state: string | undefined; nonce: string },
): Promise<{ token: string; member: Member }> {
  const { platform, code, state, nonce } = given;
  const secret = deps.config.SESSION_SECRET;
  if (state !== undefined && !isLoginStateValid(secret, platform, nonce, state, deps.now())) {
    throw new Refusal('login.state', 'This login was begun elsewhere or too long ago. Open the page again.', 401);
  }
  const known = await activeMember(deps, platform, await keyOfCode(deps, platform, code));
  const { token, tokenHash } = newSessionToken();
  const createdAt = deps.now();
  const expiresAt = new Date(createdAt.getTime() + SESSION_DAYS * 24 * 3600_000);
  const member = await deps.db.$transaction(async (tx) => {
    // Read again under lock: a member who left meanwhile gets no session.
    await lockMember(tx, known.id);
    const current = await getMember(tx, known.id);
    if (current.status !== 'active') throw cannotLogIn();
    await insertSession(tx, { tokenHash, memberId: current.id, platform, createdAt, expiresAt });
    await deleteEndedSessions(tx, createdAt);
    await lockAdmins(tx);
    // Somebody must be able to give roles: where all members are known and none ever was admin, whoever is here first.
    const areAllKnown = (await findLatestSyncRun(tx, platform, 'members'))?.state === 'done';
    if (!areAllKnown || (await hadAdmin(tx))) return current;
    await saveMember(tx, current.id, { role: 'admin' });
    await recordAudit(tx, { memberId: current.id, action: 'member.first_admin', subject: `member:${current.id}` });
    return { ...current, role: 'admin' as const };
  });
  return { token, member };
}

async function keyOfCode(deps: Deps, platform: string, code: string): Promise<PlatformKey> {
  try {
    return await deps.platforms.get(platform).memberFromLogin(code);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.kind === 'not_found') throw cannotLogIn();
    if (error.kind === 'rejected') {
      throw new Refusal('login.code', 'This login code was used before or is too old. Open the page again.', 401);
    }
    throw error;
  }
}

/** Who is unknown here, or left, may have come since: the platform is asked once more. */
async function activeMember(deps: Deps, platform: string, key: PlatformKey): Promise<Member> {
  const known = await findMemberOfAccount(deps, platform, key);
  if (known) return known;
  await refreshMember(deps, platform, key);
  const renewed = await findMemberOfAccount(deps, platform, key);
  if (!renewed) throw cannotLogIn();
  return renewed;
}

/** Null as well when only the account is gone, and the member works on with another. */
async function findMemberOfAccount(deps: Deps, platform: string, key: PlatformKey): Promise<Member | null> {
  if ((await findAccount(deps.db, platform, key))?.leftAt !== null) return null;
  const member = await findMemberByKey(deps.db, platform, key);
  return member?.status === 'active' ? member : null;
}
