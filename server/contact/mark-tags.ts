import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { FollowKey } from '#server/platform/contact.ts';
import { announceContacts } from './announce-contacts.ts';
import type { Contact } from './contact.ts';
import { lockContact } from './contact-store.ts';
import { addFollowTags, deleteFollowTags, saveFollowDetails, type Follow } from './follow-store.ts';
import { ownFollow } from './own-follow.ts';
import { listTagsById } from './tag-store.ts';
import { writeFollow } from './write-follow.ts';

/** Tags of the caller's follow: on the platform first, which calls nothing back. */
export async function markTags(
  deps: Deps,
  caller: Caller,
  contactId: string,
  change: { add: string[]; remove: string[] },
): Promise<Contact> {
  return changeTags(deps, await ownFollow(deps, caller, contactId), change);
}

/** Whoever asks. Throws `tag.unknown`, what the platform says, and `contact.not_saved` when it did not take the change. */
export async function changeTags(
  deps: Deps,
  { contact, follow, key }: { contact: Contact; follow: Follow; key: FollowKey },
  change: { add: string[]; remove: string[] },
): Promise<Contact> {
  const platform = deps.platforms.get(contact.platform);
  const tags = await listTagsById(deps.db, contact.platform, [...change.add, ...change.remove]);
  const keysOf = (ids: string[]) =>
    ids.map((id) => {
      const tag = tags.find((candidate) => candidate.id === id);
      if (!tag) throw new Refusal('tag.unknown', 'A tag was removed from the library. Reload and choose again.', 422);
      return tag.key;
    });
  const add = change.add.filter((id) => !change.remove.includes(id));
  const { remove } = change;
  const wanted = { add: keysOf(add), remove: keysOf(remove) };
  if (add.length + remove.length === 0) return contact;

  await writeFollow(deps, contact, key, {
    write: () => platform.markTags(key, wanted),
    isDone: ({ tagKeys }) =>
      wanted.add.every((tag) => tagKeys.includes(tag)) && !wanted.remove.some((tag) => tagKeys.includes(tag)),
  });
  await deps.db.$transaction(async (tx) => {
    await lockContact(tx, contact.platform, contact.key);
    await addFollowTags(tx, follow.id, add, deps.now());
    await deleteFollowTags(tx, follow.id, remove);
    await saveFollowDetails(tx, follow.id, { shownAt: deps.now() });
  });
  await announceContacts(deps, [contact.id]);
  return contact;
}
