import type { Deps } from '#server/base/deps.ts';
import { findContact } from '#server/contact/contact-store.ts';
import { shownProfile } from '#server/contact/learn-contact.ts';
import { countUses } from '#server/material/count-uses.ts';
import { forgetMedia } from '#server/material/to-contact-message.ts';
import { findMemberByKey } from '#server/member/member-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { chooseWelcome } from './choose-welcome.ts';
import { makeWelcome, type ReadyWelcome } from './make-welcome.ts';
import type { WelcomeState } from './welcome.ts';
import { findWelcome, moveWelcome, type Welcome } from './welcome-store.ts';

/** Another run of the job may take a call under way for one that was cut off; who made the call knows better. */
const underWay: WelcomeState[] = ['sending', 'unknown'];

/**
 * Sends a welcome that is owed, at most once: it is marked as being sent before the call, and one found so marked was cut
 * off in mid-call and may have left.
 */
export async function sendWelcome(deps: Deps, codeHash: string): Promise<void> {
  const welcome = await findWelcome(deps.db, codeHash);
  if (welcome?.state === 'sending')
    await moveWelcome(deps.db, codeHash, 'sending', 'unknown', { lastError: 'cut off' });
  if (welcome?.state !== 'waiting') return;
  const ready = await readyOf(deps, welcome);
  if (welcome.expiresAt <= deps.now()) {
    await moveWelcome(deps.db, codeHash, 'waiting', 'late');
    return;
  }
  if (!ready) {
    await moveWelcome(deps.db, codeHash, 'waiting', 'refused', { lastError: 'nothing to say' });
    return;
  }
  if (!(await moveWelcome(deps.db, codeHash, 'waiting', 'sending'))) return;
  try {
    await deps.platforms.get(welcome.platform).sendWelcome(deps.cipher.decrypt(welcome.code), ready.message);
  } catch (error) {
    await settleFailed(deps, welcome, ready, error);
    return;
  }
  const lastError = ready.leftOut.length > 0 ? `sent without: ${ready.leftOut.join('; ')}` : null;
  await moveWelcome(deps.db, codeHash, underWay, 'sent', { sentAt: deps.now(), lastError });
  await countUses(deps.db, ready.sent, { memberId: null, place: 'welcome', at: deps.now() });
}

async function settleFailed(
  deps: Deps,
  { codeHash, platform }: Welcome,
  { sent }: ReadyWelcome,
  error: unknown,
): Promise<void> {
  if (!(error instanceof PlatformError)) throw error;
  const lastError = [error.call, error.kind, error.code].filter(Boolean).join(' ');
  switch (error.kind) {
    case 'rate_limited':
    case 'unavailable':
      // Nothing happened: it may still be in time.
      await moveWelcome(deps.db, codeHash, underWay, 'waiting', { lastError });
      throw error;
    case 'unknown':
      await moveWelcome(deps.db, codeHash, underWay, 'unknown', { lastError });
      return;
    case 'not_found':
      if (!sent.attachments.some(({ file }) => file)) {
        await moveWelcome(deps.db, codeHash, underWay, 'refused', { lastError });
        return;
      }
      // The platform lost a file before its time: it gets it again.
      await forgetMedia(deps, deps.platforms.get(platform), sent);
      await moveWelcome(deps.db, codeHash, underWay, 'waiting', { lastError });
      await deps.jobs.add('send-welcome', { codeHash }, { key: codeHash });
      return;
    case 'rejected':
    case 'forbidden':
      await moveWelcome(deps.db, codeHash, underWay, 'refused', { lastError });
  }
}

async function readyOf(deps: Deps, welcome: Welcome): Promise<ReadyWelcome | null> {
  const { platform, memberKey, contactKey } = welcome;
  const content = await chooseWelcome(deps, welcome);
  if (!content) return null;
  const namesIn = async (text: string) => ({
    member: text.includes('{member}') ? ((await findMemberByKey(deps.db, platform, memberKey))?.name ?? '') : '',
    contact: text.includes('{contact}') ? await nameOf(deps, platform, contactKey) : '',
  });
  return makeWelcome(deps, deps.platforms.get(platform), content, namesIn);
}

/** A welcome without the name is better than one too late: whatever goes wrong here, it goes without. */
async function nameOf(deps: Deps, platform: string, key: string): Promise<string> {
  const known = (await findContact(deps.db, platform, key))?.name;
  if (known) return known;
  try {
    return (await shownProfile(deps, platform, key))?.name ?? '';
  } catch (error) {
    if (error instanceof PlatformError) return '';
    throw error;
  }
}
