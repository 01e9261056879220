import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { findFollowById } from '#server/contact/follow-store.ts';
import { changeTags } from '#server/contact/mark-tags.ts';
import { listTagsById } from '#server/contact/tag-store.ts';
import { findAccountKey } from '#server/member/member-store.ts';
import { nextAttemptAfter } from '#server/notice/notice.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { findOwedArrival, listDueArrivals, settleArrivalRow, type Arrival, type ArrivalId } from './arrival-store.ts';
import { getChannel } from './channel-store.ts';
import { noteSource } from './note-source.ts';

/** About a day of trying. */
const ATTEMPTS_MAX = 30;

type Outcome = Parameters<typeof settleArrivalRow>[2];

/**
 * What comes with a contact of a channel: its tags on the follow, on the platform too, and the source of customers already
 * bound. Tags that are on it are not put on again, and what cannot be done now is on the row.
 */
export async function settleArrival(deps: Deps, id: ArrivalId): Promise<void> {
  const arrival = await findOwedArrival(deps.db, id, deps.now());
  if (!arrival) return;
  const outcome = await settle(deps, arrival).catch((error: unknown) => afterError(deps, arrival, error));
  await settleArrivalRow(deps.db, arrival, outcome);
}

export async function nudgeArrival(deps: Deps, id: ArrivalId): Promise<void> {
  await deps.jobs.add('settle-arrival', id, { key: `${id.channelId} ${id.followId}` });
}

/** What a lost job has left, and what is due again. */
export async function nudgeArrivals(deps: Deps, limit: number): Promise<void> {
  for (const id of await listDueArrivals(deps.db, deps.now(), limit)) await nudgeArrival(deps, id);
}

async function settle(deps: Deps, { channelId, followId }: Arrival): Promise<Outcome> {
  const channel = await getChannel(deps.db, channelId);
  const follow = await findFollowById(deps.db, followId);
  if (!follow) return { state: 'done', lastError: null };
  await noteSource(deps, { contactId: follow.contactId });
  const contact = await getContactByIdInScope(deps.db, { all: true }, follow.contactId);
  const member = await findAccountKey(deps.db, contact.platform, follow.memberId);
  if (member === null || !['active', 'pending'].includes(follow.state))
    return { state: 'done', lastError: 'no longer connected' };
  const there = await listTagsById(deps.db, contact.platform, channel.tagIds);
  const add = there.map(({ id }) => id).filter((id) => !follow.tagIds.includes(id));
  await changeTags(deps, { contact, follow, key: { contact: contact.key, member } }, { add, remove: [] });
  return { state: 'done', lastError: null };
}

function afterError(deps: Deps, { attempts }: Arrival, error: unknown): Outcome {
  const now = deps.now();
  const next = nextAttemptAfter(attempts + 1, now);
  if (error instanceof PlatformError) {
    const lastError = [error.call, error.kind, error.code].filter(Boolean).join(' ');
    const later = Math.max(next.getTime(), now.getTime() + error.retryAfterMs);
    // A member who has not confirmed yet has nothing to put tags on: not found, and found later.
    const isFinal = error.kind === 'rejected' || attempts + 1 >= ATTEMPTS_MAX;
    return isFinal ? { state: 'failed', lastError } : { state: 'owed', lastError, nextAttemptAt: new Date(later) };
  }
  if (!(error instanceof Refusal)) deps.log.error({ err: error }, 'an arrival was not settled');
  const lastError = error instanceof Refusal ? error.code : 'It failed on our side.';
  return attempts + 1 >= ATTEMPTS_MAX
    ? { state: 'failed', lastError }
    : { state: 'owed', lastError, nextAttemptAt: next };
}
