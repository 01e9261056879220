import type { Deps } from '#server/base/deps.ts';
import { applyContact } from '#server/contact/apply-contact.ts';
import { findFollow } from '#server/contact/follow-store.ts';
import type { ChatArchive } from '#server/platform/chat-archive.ts';
import type { FollowKey } from '#server/platform/contact.ts';

/** A member and a contact, in our ids and in the platform's keys. */
export interface ChatPair {
  contactId: string;
  memberId: string;
  keys: FollowKey;
}

// D91782: up to 100 a call.
const BATCH = 100;

/** Pairs whose contact refused that this chat is archived; who has not been heard of is asked after, and it is kept. */
export async function findRefused(
  deps: Deps,
  platform: string,
  archive: ChatArchive,
  pairs: readonly ChatPair[],
): Promise<Set<string>> {
  const refused = new Set<string>();
  const unheard = new Map<string, ChatPair & { isFollow: boolean }>();
  for (const pair of new Map(pairs.map((pair) => [pairKey(pair), pair])).values()) {
    const follow = await findFollow(deps.db, pair.contactId, pair.memberId);
    const consent = follow?.archiveConsent ?? 'unknown';
    if (consent === 'refused') refused.add(pairKey(pair));
    if (consent === 'unknown') unheard.set(keysOf(pair.keys), { ...pair, isFollow: follow !== null });
  }
  const all = [...unheard.values()];
  for (let start = 0; start < all.length; start += BATCH) {
    const askedAt = deps.now();
    const answers = await archive.consentOf(all.slice(start, start + BATCH).map(({ keys }) => keys));
    for (const { follow, consent } of answers) {
      const pair = unheard.get(keysOf(follow));
      if (!pair || consent === 'unknown') continue;
      if (consent === 'refused') refused.add(pairKey(pair));
      if (!pair.isFollow) continue;
      const fact = { kind: 'consented', at: askedAt, consent } as const;
      const told = { memberId: pair.memberId, fact };
      await applyContact(deps, platform, { key: pair.keys.contact, profile: null, askedAt, told });
    }
  }
  return refused;
}

export function pairKey({ contactId, memberId }: { contactId: string; memberId: string }): string {
  return `${contactId} ${memberId}`;
}

function keysOf({ contact, member }: FollowKey): string {
  return JSON.stringify([contact, member]);
}
