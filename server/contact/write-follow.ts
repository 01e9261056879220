import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { FollowKey, FollowProfile } from '#server/platform/contact.ts';
import { applyContact } from './apply-contact.ts';
import type { Contact } from './contact.ts';
import { shownProfile } from './learn-contact.ts';

/**
 * Changes a follow on the platform; returns once it is changed there. When no answer came it may be: the contact is looked
 * up, and what the platform shows is stored either way.
 */
export async function writeFollow(
  deps: Deps,
  contact: Contact,
  key: FollowKey,
  change: { write(): Promise<void>; isDone(shown: FollowProfile): boolean },
): Promise<void> {
  try {
    await change.write();
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind !== 'unknown') throw error;
    const askedAt = deps.now();
    const profile = await shownProfile(deps, contact.platform, contact.key);
    await applyContact(deps, contact.platform, { key: contact.key, profile, askedAt });
    const shown = profile?.follows.find(({ member }) => member === key.member);
    if (!shown || !change.isDone(shown)) {
      throw new Refusal('contact.not_saved', 'The platform did not take the change. Try again.', 503);
    }
  }
}
