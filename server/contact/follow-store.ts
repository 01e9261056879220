import type { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { Consent, FollowState, Standing } from './follow.ts';

export interface Follow extends Standing {
  id: string;
  contactId: string;
  memberId: string;
  remark: string | null;
  description: string | null;
  remarkCorpName: string | null;
  /** Encrypted. */
  remarkPhones: string | null;
  phoneHashes: string[];
  addWay: number | null;
  shownAt: Date | null;
  tagIds: string[];
}

/** What the member wrote down about the contact. */
export type FollowDetails = Pick<
  Follow,
  'remark' | 'description' | 'remarkCorpName' | 'remarkPhones' | 'phoneHashes' | 'addWay'
>;

const withTags = { tags: true } satisfies Prisma.FollowInclude;

export async function listFollowsOfContact(db: Db, contactId: string): Promise<Follow[]> {
  const rows = await db.follow.findMany({ where: { contactId }, include: withTags, orderBy: { id: 'asc' } });
  return rows.map(toFollow);
}

export async function findFollow(db: Db, contactId: string, memberId: string): Promise<Follow | null> {
  const row = await db.follow.findUnique({
    where: { contactId_memberId: { contactId, memberId } },
    include: withTags,
  });
  return row && toFollow(row);
}

export async function findFollowById(db: Db, id: string): Promise<Follow | null> {
  const row = await db.follow.findUnique({ where: { id }, include: withTags });
  return row && toFollow(row);
}

export async function listFollowsInScope(db: Db, scope: Scope, contactId: string): Promise<Follow[]> {
  const rows = await db.follow.findMany({
    where: { contactId, ...(scope.all ? {} : { memberId: { in: [...scope.memberIds] } }) },
    include: withTags,
    orderBy: { id: 'asc' },
  });
  return rows.map(toFollow);
}

export interface FollowedKey {
  contactKey: PlatformKey;
  state: FollowState;
  changedAt: Date;
  shownAt: Date | null;
}

/** Everyone the member follows or followed on this platform. */
export async function listFollowedKeys(db: Db, platform: string, memberId: string): Promise<FollowedKey[]> {
  const rows = await db.follow.findMany({
    where: { memberId, contact: { platform } },
    select: { state: true, changedAt: true, shownAt: true, contact: { select: { key: true } } },
  });
  return rows.map(({ contact, state, ...times }) => ({
    contactKey: contact.key,
    state: state as FollowState,
    ...times,
  }));
}

/** Colleagues who are connected with the contact or were. */
export async function listFollowers(
  db: Db,
  contactId: string,
): Promise<{ memberId: string; name: string; state: FollowState }[]> {
  const rows = await db.follow.findMany({ where: { contactId }, orderBy: { id: 'asc' } });
  const members = await db.member.findMany({ where: { id: { in: rows.map(({ memberId }) => memberId) } } });
  const names = new Map(members.map(({ id, name }) => [id, name]));
  return rows.map(({ memberId, state }) => ({
    memberId,
    name: names.get(memberId) ?? '',
    state: state as FollowState,
  }));
}

export async function insertFollow(
  db: Db,
  follow: { contactId: string; memberId: string } & Standing & Partial<FollowDetails> & { shownAt: Date | null },
): Promise<string> {
  return (await db.follow.create({ data: follow })).id;
}

export async function saveFollow(
  db: Db,
  id: string,
  change: Standing & Partial<FollowDetails> & { shownAt: Date | null },
): Promise<void> {
  await db.follow.update({ where: { id }, data: change });
}

export async function saveFollowDetails(
  db: Db,
  id: string,
  change: Partial<FollowDetails> & { shownAt: Date },
): Promise<void> {
  await db.follow.update({ where: { id }, data: change });
}

/** Takes a transaction: until its end the follow keeps the state its tags are given. */
export async function addFollowTags(tx: Db, followId: string, tagIds: readonly string[], at: Date): Promise<void> {
  if (tagIds.length === 0) return;
  // A state that changes this moment is waited for; Prisma cannot ask so.
  await tx.$executeRaw`
    INSERT INTO "FollowTag" ("followId", "tagId", "contactId", state, at)
    SELECT f.id, tag.id, f."contactId", f.state, ${at}
    FROM (SELECT id, "contactId", state FROM "Follow" WHERE id = ${followId}::uuid FOR KEY SHARE) f
    CROSS JOIN unnest(${tagIds}::uuid[]) AS tag(id)
    ON CONFLICT DO NOTHING`;
}

export async function deleteFollowTags(db: Db, followId: string, tagIds: readonly string[]): Promise<void> {
  if (tagIds.length > 0) await db.followTag.deleteMany({ where: { followId, tagId: { in: [...tagIds] } } });
}

export function standingOf(follow: Follow): Standing {
  const { state, changedAt, addedAt, channel, channelAt, archiveConsent, consentAt } = follow;
  return { state, changedAt, addedAt, channel, channelAt, archiveConsent, consentAt };
}

function toFollow({ tags, ...row }: Prisma.FollowGetPayload<{ include: typeof withTags }>): Follow {
  return {
    ...row,
    state: row.state as FollowState,
    archiveConsent: row.archiveConsent as Consent,
    tagIds: tags.map(({ tagId }) => tagId),
  };
}
