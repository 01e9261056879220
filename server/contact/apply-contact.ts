import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { normalisePhone } from '#server/base/phone.ts';
import { listAccounts } from '#server/member/member-store.ts';
import type { ContactProfile, FollowProfile } from '#server/platform/contact.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { faceOf, type Contact } from './contact.ts';
import { findContact, insertContact, lockContact, saveContact } from './contact-store.ts';
import { isSameStanding, learn, type Fact } from './follow.ts';
import {
  addFollowTags,
  deleteFollowTags,
  insertFollow,
  listFollowsOfContact,
  saveFollow,
  standingOf,
  type Follow,
  type FollowDetails,
} from './follow-store.ts';
import { takeTags } from './sync-tags.ts';
import { insertUnlistedTags, listTagIds, listUnheardTagKeys } from './tag-store.ts';

/** What was found out about a contact at one moment. */
export interface Findings {
  key: PlatformKey;
  /** Null when the platform showed none. */
  profile: ContactProfile | null;
  /** When it was asked: what was asked later is not overwritten. */
  askedAt: Date;
  told?: { memberId: string; fact: Fact } | undefined;
}

/** Stores the contact with its follows and tags. `changed` is false when all that was known before. */
export async function applyContact(
  deps: Deps,
  platform: string,
  findings: Findings,
): Promise<{ contactId: string; changed: boolean }> {
  await knowTags(deps, platform, findings.profile);
  return deps.db.$transaction(async (tx) => {
    await lockContact(tx, platform, findings.key);
    const known = await findContact(tx, platform, findings.key);
    const contact = known ?? (await addContact(deps, tx, platform, findings));
    const isNewFace = known ? await renewFace(tx, known, findings) : true;
    const isNewFollow = await applyFollows(deps, tx, contact, findings);
    return { contactId: contact.id, changed: isNewFace || isNewFollow };
  });
}

/** Tags made since the library was last read. Those it does not list are noted, not to be asked for each time. */
async function knowTags(deps: Deps, platform: string, profile: ContactProfile | null): Promise<void> {
  const keys = [...new Set(profile?.follows.flatMap(({ tagKeys }) => tagKeys))];
  if ((await listUnheardTagKeys(deps.db, platform, keys)).length === 0) return;
  await takeTags(deps, platform);
  const unlisted = await listUnheardTagKeys(deps.db, platform, keys);
  await insertUnlistedTags(deps.db, platform, unlisted, deps.now());
}

async function addContact(deps: Deps, tx: Db, platform: string, { key, profile, askedAt }: Findings): Promise<Contact> {
  const face = profile ? faceOf(profile) : {};
  return insertContact(tx, { platform, key, ...face, createdAt: deps.now(), syncedAt: profile ? askedAt : null });
}

async function renewFace(tx: Db, known: Contact, { profile, askedAt }: Findings): Promise<boolean> {
  if (!profile || (known.syncedAt && known.syncedAt > askedAt)) return false;
  const face = faceOf(profile);
  await saveContact(tx, known.id, { ...face, syncedAt: askedAt });
  return JSON.stringify(face) !== JSON.stringify(faceOf(known));
}

async function applyFollows(deps: Deps, tx: Db, contact: Contact, findings: Findings): Promise<boolean> {
  const { profile, told, askedAt } = findings;
  const shown = new Map(profile?.follows.map((follow) => [follow.member, follow]));
  const accounts = await listAccounts(tx, contact.platform, [...shown.keys()]);
  const learnt = new Map<string, { shown?: FollowProfile | undefined; facts: Fact[] }>();
  for (const { key, member } of accounts) {
    const follow = shown.get(key);
    if (follow) learnt.set(member.id, { shown: follow, facts: [shownFact(follow)] });
  }
  if (told) {
    const before = learnt.get(told.memberId);
    learnt.set(told.memberId, { ...before, facts: [...(before?.facts ?? []), told.fact] });
  }

  const known = new Map((await listFollowsOfContact(tx, contact.id)).map((follow) => [follow.memberId, follow]));
  let changed = false;
  for (const [memberId, { shown: follow, facts }] of learnt) {
    const before = known.get(memberId) ?? null;
    if (await applyFollow(deps, tx, { contact, memberId, before, follow, facts, askedAt })) changed = true;
  }
  return changed;
}

function shownFact({ addedAt, channel }: FollowProfile): Fact {
  return { kind: 'shown', at: addedAt, channel };
}

interface FollowNews {
  contact: Contact;
  memberId: string;
  before: Follow | null;
  follow: FollowProfile | undefined;
  facts: Fact[];
  askedAt: Date;
}

async function applyFollow(deps: Deps, tx: Db, news: FollowNews): Promise<boolean> {
  const { contact, memberId, before, follow, facts, askedAt } = news;
  const standingBefore = before && standingOf(before);
  const standing = facts.reduce(learn, standingBefore);
  if (!standing) return false;
  const isNewer = follow && !(before?.shownAt && before.shownAt > askedAt);
  const details = isNewer ? detailsOf(deps, follow) : {};
  const change = { ...standing, ...details, shownAt: isNewer ? askedAt : (before?.shownAt ?? null) };

  const id = before?.id ?? (await insertFollow(tx, { contactId: contact.id, memberId, ...change }));
  if (before) await saveFollow(tx, id, change);
  const isRetagged = isNewer && (await applyTags(tx, contact.platform, id, before?.tagIds ?? [], follow, askedAt));
  const isSame =
    before &&
    standingBefore &&
    isSameStanding(standing, standingBefore) &&
    (!isNewer || isSameDetails(before, details));
  return !isSame || isRetagged === true;
}

export function detailsOf(deps: Deps, follow: FollowProfile): FollowDetails {
  const { remark, description, remarkCorpName, addWay } = follow;
  return { remark, description, remarkCorpName, addWay, ...sealPhones(deps, follow.remarkPhones) };
}

/** Encrypted to be read, hashed to be found. */
export function sealPhones(deps: Deps, phones: string[]): Pick<FollowDetails, 'remarkPhones' | 'phoneHashes'> {
  return {
    remarkPhones: phones.length > 0 ? deps.cipher.encrypt(JSON.stringify(phones)) : null,
    phoneHashes: phones.map((phone) => deps.cipher.hash(normalisePhone(phone))),
  };
}

function isSameDetails(before: Follow, details: Partial<FollowDetails>): boolean {
  return (
    before.remark === details.remark &&
    before.description === details.description &&
    before.remarkCorpName === details.remarkCorpName &&
    before.addWay === details.addWay &&
    before.phoneHashes.join() === details.phoneHashes?.join()
  );
}

async function applyTags(
  tx: Db,
  platform: string,
  followId: string,
  before: string[],
  follow: FollowProfile,
  at: Date,
): Promise<boolean> {
  const wanted = new Set((await listTagIds(tx, platform, follow.tagKeys)).values());
  const [fresh, gone] = [[...wanted].filter((id) => !before.includes(id)), before.filter((id) => !wanted.has(id))];
  await addFollowTags(tx, followId, fresh, at);
  await deleteFollowTags(tx, followId, gone);
  return fresh.length + gone.length > 0;
}
