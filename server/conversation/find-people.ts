import type { Deps } from '#server/base/deps.ts';
import { proposeBinding } from '#server/binding/propose-binding.ts';
import { applyContact } from '#server/contact/apply-contact.ts';
import { findContact } from '#server/contact/contact-store.ts';
import { listAccounts } from '#server/member/member-store.ts';
import { ensureMember } from '#server/member/refresh-member.ts';
import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';

export interface Person {
  is: 'member' | 'contact';
  id: string;
  key: PlatformKey;
}
export type People = Map<PlatformKey, Person>;

/** Who stands behind the keys. The platform is asked for those we do not know; whom it hides from us is left out. */
export async function findPeople(deps: Deps, platform: string, keys: readonly PlatformKey[]): Promise<People> {
  const accounts = await listAccounts(deps.db, platform, keys);
  const people: People = new Map(accounts.map(({ key, member }) => [key, { is: 'member', id: member.id, key }]));
  for (const key of keys) {
    if (people.has(key)) continue;
    const contact = await findContact(deps.db, platform, key);
    const person: Person | null = contact
      ? { is: 'contact', id: contact.id, key }
      : await askForPerson(deps, platform, key);
    if (person) people.set(key, person);
  }
  return people;
}

/**
 * A key tells not whether it is a contact's or a colleague's. One the platform knows as neither is a contact it does not
 * show, or not yet; one it forbids us to see may be a colleague outside the app's range.
 */
async function askForPerson(deps: Deps, platform: string, key: PlatformKey): Promise<Person | null> {
  const askedAt = deps.now();
  const shown = await answerOr(() => deps.platforms.get(platform).getContact(key));
  if (shown.answer) {
    const { contactId } = await applyContact(deps, platform, { key, profile: shown.answer, askedAt });
    await proposeBinding(deps, contactId);
    return { is: 'contact', id: contactId, key };
  }
  const colleague = await answerOr(() => ensureMember(deps, platform, key));
  if (colleague.answer) return { is: 'member', id: colleague.answer.id, key };
  if (shown.error !== 'not_found' || colleague.error !== null) return null;
  const { contactId } = await applyContact(deps, platform, { key, profile: null, askedAt });
  return { is: 'contact', id: contactId, key };
}

/** A "no" about this one person must not keep the others' messages; anything else is for the queue. */
async function answerOr<T>(ask: () => Promise<T>): Promise<{ answer: T | null; error: PlatformErrorKind | null }> {
  try {
    return { answer: await ask(), error: null };
  } catch (error) {
    if (error instanceof PlatformError && ['not_found', 'rejected', 'forbidden'].includes(error.kind))
      return { answer: null, error: error.kind };
    throw error;
  }
}
