import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { runSync, type SyncStep } from '#server/inbound/run-sync.ts';
import type { SyncRun } from '#server/inbound/sync-run.ts';
import { findLatestSyncRun } from '#server/inbound/sync-run-store.ts';
import { ensureMember } from '#server/member/refresh-member.ts';
import { membersCursor, membersStep } from '#server/member/sync-members.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { announceContacts } from './announce-contacts.ts';
import { listFollowedKeys, type FollowedKey } from './follow-store.ts';
import { settleFollow } from './settle-follow.ts';
import { listOwnersAfter, type AfterContacts } from './sync-contacts.ts';
import { takeTags } from './sync-tags.ts';

const reconcileCursor = z.discriminatedUnion('part', [
  z.object({ part: z.literal('members'), at: membersCursor.nullable() }),
  z.object({ part: z.literal('tags') }),
  z.object({ part: z.literal('contacts'), afterOwner: z.string() }),
]);
type ReconcileCursor = z.infer<typeof reconcileCursor>;
type Step = SyncStep<ReconcileCursor>;

/** Events get lost on the way to us: compares members, tags and who follows whom with the platform, and repairs. */
export async function reconcile(deps: Deps, platform: string, after: AfterContacts): Promise<SyncRun | null> {
  return runSync(deps, {
    platform,
    kind: 'reconcile',
    cursor: reconcileCursor,
    step: (cursor) => reconcileStep(deps, platform, cursor ?? { part: 'members', at: null }, after),
  });
}

async function reconcileStep(
  deps: Deps,
  platform: string,
  cursor: ReconcileCursor,
  after: AfterContacts,
): Promise<Step> {
  const { contacts } = deps.platforms.get(platform).capabilities;
  switch (cursor.part) {
    case 'members': {
      const { next, done, repaired = 0 } = await membersStep(deps, platform, cursor.at);
      if (next) return { next: { part: 'members', at: next }, done, repaired };
      return { next: contacts ? { part: 'tags' } : null, done, repaired };
    }
    case 'tags':
      return { next: await contactsPart(deps, platform), done: 0, repaired: await takeTags(deps, platform) };
    case 'contacts':
      return ownerStep(deps, platform, cursor.afterOwner, after);
  }
}

/** Repairs go contact by contact, which is no way to get to know all of them: that is the full sync's work. */
async function contactsPart(deps: Deps, platform: string): Promise<ReconcileCursor | null> {
  const fullSync = await findLatestSyncRun(deps.db, platform, 'contacts');
  return fullSync?.state === 'done' ? { part: 'contacts', afterOwner: '' } : null;
}

async function ownerStep(deps: Deps, platform: string, afterOwner: PlatformKey, after: AfterContacts): Promise<Step> {
  const [owner] = await listOwnersAfter(deps, platform, afterOwner);
  if (owner === undefined) return { next: null, done: 0 };
  const member = await ensureMember(deps, platform, owner);
  const next = { part: 'contacts', afterOwner: owner } as const;
  if (!member) return { next, done: 0 };

  const askedAt = deps.now();
  const listed = new Set(await deps.platforms.get(platform).listContactKeys(owner));
  const followed = await listFollowedKeys(deps.db, platform, member.id);
  const changed: string[] = [];
  for (const contactKey of inDoubt(listed, followed, askedAt)) {
    const contactId = await settleFollow(deps, platform, { contactKey, member: { id: member.id, key: owner } });
    if (contactId) changed.push(contactId);
  }
  await announceContacts(deps, changed);
  await after(deps, changed);
  return { next, done: listed.size, repaired: changed.length };
}

/** Listed and not known to be followed, or the other way round. What changed since we asked is no contradiction. */
function inDoubt(listed: ReadonlySet<PlatformKey>, followed: FollowedKey[], askedAt: Date): PlatformKey[] {
  // Who removed the member may be listed still.
  const known = new Set(
    followed
      .filter(({ state }) => ['active', 'removed_by_contact'].includes(state))
      .map(({ contactKey }) => contactKey),
  );
  const missing = [...listed].filter((key) => !known.has(key));
  const gone = followed.filter(
    ({ contactKey, state, changedAt }) => state === 'active' && changedAt < askedAt && !listed.has(contactKey),
  );
  return [...missing, ...gone.map(({ contactKey }) => contactKey)];
}
