import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { runSync, type SyncStep } from '#server/inbound/run-sync.ts';
import type { SyncRun } from '#server/inbound/sync-run.ts';
import { ensureMember } from '#server/member/refresh-member.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { announceContacts } from './announce-contacts.ts';
import { applyContact } from './apply-contact.ts';
import { listFollowedKeys } from './follow-store.ts';
import { settleFollow } from './settle-follow.ts';

/** What is set off by contacts that turned out to be new or other than known. */
export type AfterContacts = (deps: Deps, contactIds: string[]) => Promise<void>;

/** Owners in the order of their keys, a batch at a time; within a batch the platform's own cursor. */
const contactsCursor = z.object({
  afterOwner: z.string(),
  batch: z.array(z.string()),
  batchStartedAt: z.iso.datetime(),
  page: z.string(),
});
type ContactsCursor = z.infer<typeof contactsCursor>;

/** Every contact of every member, then those known here that no longer came. */
export async function syncContacts(deps: Deps, platform: string, after: AfterContacts): Promise<SyncRun | null> {
  if (!deps.platforms.get(platform).capabilities.contacts) return null;
  return runSync(deps, {
    platform,
    kind: 'contacts',
    cursor: contactsCursor,
    step: (cursor) =>
      cursor && cursor.batch.length > 0 ? pageStep(deps, platform, cursor, after) : batchStep(deps, platform, cursor),
  });
}

/** Members who may have contacts, in a fixed order, after `key`. */
export async function listOwnersAfter(deps: Deps, platform: string, key: PlatformKey): Promise<PlatformKey[]> {
  const owners = await deps.platforms.get(platform).listContactOwners();
  return [...new Set(owners)].filter((owner) => owner > key).sort((a, b) => (a < b ? -1 : 1));
}

async function batchStep(
  deps: Deps,
  platform: string,
  cursor: ContactsCursor | null,
): Promise<SyncStep<ContactsCursor>> {
  const afterOwner = cursor?.afterOwner ?? '';
  const owners = await listOwnersAfter(deps, platform, afterOwner);
  const batch = owners.slice(0, deps.platforms.get(platform).capabilities.contactOwnersMax);
  for (const owner of batch) await ensureMember(deps, platform, owner);
  const next = { afterOwner, batch, batchStartedAt: deps.now().toISOString(), page: '' };
  return { next: batch.length > 0 ? next : null, done: 0 };
}

async function pageStep(
  deps: Deps,
  platform: string,
  cursor: ContactsCursor,
  after: AfterContacts,
): Promise<SyncStep<ContactsCursor>> {
  const { batch, page } = cursor;
  const askedAt = deps.now();
  const { items, nextCursor } = await deps.platforms.get(platform).listContacts(batch, page);
  const changed: string[] = [];
  for (const profile of items) {
    const applied = await applyContact(deps, platform, { key: profile.key, profile, askedAt });
    if (applied.changed) changed.push(applied.contactId);
  }
  const isLastPage = nextCursor === '';
  if (isLastPage) changed.push(...(await settleUnseen(deps, platform, cursor)));
  await announceContacts(deps, changed);
  await after(deps, changed);
  const next = isLastPage
    ? { ...cursor, afterOwner: batch.at(-1) ?? '', batch: [], page: '' }
    : { ...cursor, page: nextCursor };
  return { next, done: items.length, repaired: changed.length };
}

/** Follows the platform did not show in this walk: each is looked up before it is called gone. */
async function settleUnseen(
  deps: Deps,
  platform: string,
  { batch, batchStartedAt }: ContactsCursor,
): Promise<string[]> {
  const startedAt = new Date(batchStartedAt);
  const changed: string[] = [];
  for (const owner of batch) {
    const member = await ensureMember(deps, platform, owner);
    if (!member) continue;
    for (const { contactKey, state, changedAt, shownAt } of await listFollowedKeys(deps.db, platform, member.id)) {
      const wasSeen = changedAt >= startedAt || (shownAt !== null && shownAt >= startedAt);
      if (state !== 'active' || wasSeen) continue;
      const contactId = await settleFollow(deps, platform, { contactKey, member: { id: member.id, key: owner } });
      if (contactId) changed.push(contactId);
    }
  }
  return changed;
}
