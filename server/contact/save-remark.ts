import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { FollowProfile, RemarkEdit } from '#server/platform/contact.ts';
import { announceContacts } from './announce-contacts.ts';
import { sealPhones } from './apply-contact.ts';
import type { Contact } from './contact.ts';
import { lockContact } from './contact-store.ts';
import { saveFollowDetails, type FollowDetails } from './follow-store.ts';
import { ownFollow } from './own-follow.ts';
import { writeFollow } from './write-follow.ts';

/** What the caller wrote down about the contact: on the platform first, which calls nothing back. */
export async function saveRemark(deps: Deps, caller: Caller, contactId: string, edit: RemarkEdit): Promise<Contact> {
  const { contact, follow, key } = await ownFollow(deps, caller, contactId);
  const platform = deps.platforms.get(contact.platform);
  const { remarkLengthMax } = platform.capabilities;
  if (Object.values(edit).every((value) => value === undefined)) return contact;
  if ((edit.remark?.length ?? 0) > remarkLengthMax) {
    throw new Refusal('contact.remark_too_long', `A remark has at most ${remarkLengthMax} characters here.`, 422);
  }

  await writeFollow(deps, contact, key, {
    write: () => platform.saveRemark(key, edit),
    isDone: (shown) => isShown(shown, edit),
  });
  await deps.db.$transaction(async (tx) => {
    await lockContact(tx, contact.platform, contact.key);
    await saveFollowDetails(tx, follow.id, { ...detailsOf(deps, edit), shownAt: deps.now() });
  });
  await announceContacts(deps, [contact.id]);
  return contact;
}

function isShown(shown: FollowProfile, { remark, description, corpName, phones }: RemarkEdit): boolean {
  const plain = (numbers: string[]) => numbers.map(normalisePhone).sort().join();
  return (
    (remark === undefined || (shown.remark ?? '') === remark) &&
    (description === undefined || (shown.description ?? '') === description) &&
    (corpName === undefined || (shown.remarkCorpName ?? '') === corpName) &&
    (phones === undefined || plain(shown.remarkPhones) === plain(phones))
  );
}

function detailsOf(deps: Deps, { remark, description, corpName, phones }: RemarkEdit): Partial<FollowDetails> {
  return {
    ...(remark === undefined ? {} : { remark }),
    ...(description === undefined ? {} : { description: description || null }),
    ...(corpName === undefined ? {} : { remarkCorpName: corpName || null }),
    ...(phones === undefined ? {} : sealPhones(deps, phones)),
  };
}
