import type { Deps } from '#server/base/deps.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { applyContact } from './apply-contact.ts';
import { shownProfile } from './learn-contact.ts';

/** A follow in doubt is looked up now; answers the contact when something was not as known. */
export async function settleFollow(
  deps: Deps,
  platform: string,
  of: { contactKey: PlatformKey; member: { id: string; key: PlatformKey } },
): Promise<string | null> {
  const askedAt = deps.now();
  const profile = await shownProfile(deps, platform, of.contactKey);
  const isShown = profile?.follows.some(({ member }) => member === of.member.key) ?? false;
  const told = { memberId: of.member.id, fact: { kind: isShown ? 'listed' : 'unlisted', at: askedAt } as const };
  const { contactId, changed } = await applyContact(deps, platform, { key: of.contactKey, profile, askedAt, told });
  return changed ? contactId : null;
}
