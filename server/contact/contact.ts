import { Refusal } from '#server/base/refusal.ts';
import type { ContactProfile } from '#server/platform/contact.ts';

/** A person outside the company known on a messenger. `name` is '' until the platform shows who it is. */
export interface Contact {
  id: string;
  platform: string;
  key: string;
  name: string;
  avatar: string | null;
  type: ContactProfile['type'];
  gender: ContactProfile['gender'];
  unionKey: string | null;
  corpName: string | null;
  corpFullName: string | null;
  position: string | null;
  createdAt: Date;
  syncedAt: Date | null;
  optedOutAt: Date | null;
  optedOutBy: 'keyword' | 'member' | 'api' | null;
}

/** The part of a contact that is the same whoever follows it. */
export type ContactFace = Pick<
  Contact,
  'name' | 'avatar' | 'type' | 'gender' | 'unionKey' | 'corpName' | 'corpFullName' | 'position'
>;

export function faceOf(from: ContactProfile | Contact): ContactFace {
  const { name, avatar, type, gender, unionKey, corpName, corpFullName, position } = from;
  return { name, avatar, type, gender, unionKey, corpName, corpFullName, position };
}

/** The same for a contact that does not exist and for one outside the caller's scope. */
export const unknownContact = () =>
  new Refusal(
    'contact.unknown',
    'This contact is not among those of you or your departments. Open it from a chat of yours, or ask an admin to run the contact sync.',
    404,
  );

export const notFollowed = () =>
  new Refusal(
    'contact.not_followed',
    'You and this contact are not connected now. Add the contact first, or ask a colleague who is connected.',
    409,
  );
