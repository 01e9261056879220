import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { findAccountKey } from '#server/member/member-store.ts';
import type { FollowKey } from '#server/platform/contact.ts';
import { notFollowed, type Contact } from './contact.ts';
import { getContactByIdInScope } from './contact-store.ts';
import { findFollow, type Follow } from './follow-store.ts';

/** The caller's own connection with a contact, which only the two of them can change. Throws `contact.not_followed`. */
export async function ownFollow(
  deps: Deps,
  caller: Caller,
  contactId: string,
): Promise<{ contact: Contact; follow: Follow; key: FollowKey }> {
  const contact = await getContactByIdInScope(deps.db, caller.scope, contactId);
  const follow = await findFollow(deps.db, contact.id, caller.memberId);
  const member = await findAccountKey(deps.db, contact.platform, caller.memberId);
  if (follow?.state !== 'active' || member === null) throw notFollowed();
  return { contact, follow, key: { contact: contact.key, member } };
}
