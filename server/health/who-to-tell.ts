import type { Deps } from '#server/base/deps.ts';
import { leadersAbove } from '#server/approval/nearest-leaders.ts';
import { listBindings } from '#server/binding/binding-store.ts';
import { isContactInScope } from '#server/contact/contact-store.ts';
import { followedStates } from '#server/contact/follow.ts';
import { listFollowsOfContact } from '#server/contact/follow-store.ts';
import { listConversationsOf } from '#server/conversation/conversation-store.ts';
import { findScope } from '#server/member/find-caller.ts';
import { listActiveIds } from '#server/member/member-store.ts';

export interface Whose {
  customerId: string | null;
  /** The owner of the record; without one, who keeps the contact. */
  ownerId: string | null;
}
export interface Told {
  memberId: string;
  /** The contact is one of their own: they can open it beside the chat. */
  isFollower: boolean;
}

/**
 * Who can do something about a contact about to be lost: the member who keeps it, the owner of the record, and who leads
 * the one who keeps it. Nobody is told of a contact that is not theirs to open. Where nobody keeps it any more, those
 * count who led the last who did; the admins where nobody leads or none of these may open it.
 */
export async function whoToTell(deps: Deps, contactId: string): Promise<Whose & { told: Told[] }> {
  const bindings = await listBindings(deps.db, { all: true }, contactId);
  const binding = bindings.find(({ customer }) => customer.ownerId !== null) ?? bindings[0];
  const recordOwner = binding?.customer.ownerId ?? null;
  const { keeper, last, followers } = await keepersOf(deps, contactId, recordOwner);
  const told = await whoMayOpen(deps, contactId, [...new Set([keeper, recordOwner])]);
  for (const step of await leadersAbove(deps, last)) {
    const leaders = await whoMayOpen(deps, contactId, step);
    told.push(...leaders.filter((id) => !told.includes(id)));
    if (leaders.length > 0) break;
  }
  return {
    customerId: binding?.customerId ?? null,
    ownerId: recordOwner ?? keeper,
    told: told.map((memberId) => ({ memberId, isFollower: followers.has(memberId) })),
  };
}

/**
 * `keeper` works here and follows the contact: one it has not deleted before others, then the owner of the record, then
 * who spoke with it last. `last` is the same, or who was last to follow it, wherever they are now.
 */
async function keepersOf(
  deps: Deps,
  contactId: string,
  recordOwner: string | null,
): Promise<{ keeper: string | null; last: string | null; followers: ReadonlySet<string> }> {
  const follows = await listFollowsOfContact(deps.db, contactId);
  const chats = await listConversationsOf(deps.db, { all: true }, contactId);
  const spokeAt = new Map(chats.map(({ memberId, lastMessageAt }) => [memberId, lastMessageAt?.getTime() ?? 0]));
  const rank = ({ memberId, state, changedAt }: (typeof follows)[number]) => [
    Number(state === 'active' || state === 'pending'),
    Number(state === 'removed_by_contact'),
    Number(memberId === recordOwner),
    spokeAt.get(memberId) ?? 0,
    changedAt.getTime(),
  ];
  const byNearness = follows
    .map((follow) => ({ ...follow, rank: rank(follow) }))
    .toSorted((a, b) => b.rank.map((n, i) => n - (a.rank[i] ?? 0)).find((difference) => difference !== 0) ?? 0);
  const standing = byNearness.filter(({ state }) => followedStates.includes(state));
  const working = await listActiveIds(
    deps.db,
    standing.map(({ memberId }) => memberId),
  );
  const keeper = standing.find(({ memberId }) => working.has(memberId))?.memberId ?? null;
  return {
    keeper,
    last: keeper ?? byNearness[0]?.memberId ?? chats[0]?.memberId ?? null,
    followers: new Set(standing.map(({ memberId }) => memberId)),
  };
}

async function whoMayOpen(deps: Deps, contactId: string, memberIds: readonly (string | null)[]): Promise<string[]> {
  const may: string[] = [];
  for (const memberId of memberIds) {
    if (memberId === null) continue;
    const scope = await findScope(deps, memberId);
    if (scope && (await isContactInScope(deps.db, scope, contactId))) may.push(memberId);
  }
  return may;
}
