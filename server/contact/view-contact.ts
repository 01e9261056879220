import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { maskPhone } from '#server/base/phone.ts';
import type { ContactView } from './contact-api.ts';
import type { Contact } from './contact.ts';
import { findFollow, listFollowers, type Follow } from './follow-store.ts';
import { listTagsById } from './tag-store.ts';

/** The contact as the caller sees it, who must be allowed to: see getContactInScope. */
export async function viewContact(deps: Deps, caller: Caller, contact: Contact): Promise<ContactView> {
  const [own, followers] = await Promise.all([
    findFollow(deps.db, contact.id, caller.memberId),
    listFollowers(deps.db, contact.id),
  ]);
  const { id, platform, key, name, avatar, type, gender, corpName, position } = contact;
  return {
    id,
    platform,
    key,
    name,
    avatar,
    type,
    gender,
    corpName,
    position,
    optedOutAt: contact.optedOutAt?.toISOString() ?? null,
    syncedAt: contact.syncedAt?.toISOString() ?? null,
    follow: own && (await viewFollow(deps, contact, own)),
    followers: followers.filter(({ memberId }) => memberId !== caller.memberId),
  };
}

async function viewFollow(deps: Deps, contact: Contact, follow: Follow): Promise<NonNullable<ContactView['follow']>> {
  const { id, state, remark, description, remarkCorpName, channel, archiveConsent } = follow;
  const tags = await listTagsById(deps.db, contact.platform, follow.tagIds);
  return {
    id,
    state,
    remark,
    description,
    remarkCorpName,
    channel,
    archiveConsent,
    remarkPhones: readPhones(deps, follow).map(maskPhone),
    addedAt: follow.addedAt?.toISOString() ?? null,
    tags: tags.map((tag) => ({ id: tag.id, name: tag.name, group: tag.groupName })),
  };
}

export function readPhones(deps: Deps, { remarkPhones }: Follow): string[] {
  return remarkPhones ? (JSON.parse(deps.cipher.decrypt(remarkPhones)) as string[]) : [];
}
