import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { TagGroup } from '#server/platform/contact.ts';

export interface Tag {
  id: string;
  key: PlatformKey;
  name: string;
  groupKey: PlatformKey;
  groupName: string;
  order: bigint;
}

/** Whoever holds it changes the tags of this platform alone. */
export async function lockTags(tx: Db, platform: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`tags:${platform}`}, 0))`;
}

/** In the order the platform shows them: larger first. */
export async function listTags(db: Db, platform: string): Promise<Tag[]> {
  const rows = await db.tag.findMany({
    where: { platform, deletedAt: null },
    orderBy: [{ order: 'desc' }, { name: 'asc' }, { id: 'asc' }],
  });
  return rows.map(toTag);
}

export async function listTagsById(db: Db, platform: string, ids: readonly string[]): Promise<Tag[]> {
  if (ids.length === 0) return [];
  const rows = await db.tag.findMany({
    where: { platform, id: { in: [...ids] }, deletedAt: null },
    orderBy: [{ order: 'desc' }, { name: 'asc' }, { id: 'asc' }],
  });
  return rows.map(toTag);
}

/** Ids by key, of tags that exist. */
export async function listTagIds(
  db: Db,
  platform: string,
  keys: readonly PlatformKey[],
): Promise<Map<PlatformKey, string>> {
  const rows = await db.tag.findMany({ where: { platform, key: { in: [...keys] }, deletedAt: null } });
  return new Map(rows.map(({ key, id }) => [key, id]));
}

/** Those of `keys` of which there is no row, not even of a deleted tag. */
export async function listUnheardTagKeys(
  db: Db,
  platform: string,
  keys: readonly PlatformKey[],
): Promise<PlatformKey[]> {
  if (keys.length === 0) return [];
  const rows = await db.tag.findMany({ where: { platform, key: { in: [...keys] } }, select: { key: true } });
  const heardOf = new Set(rows.map(({ key }) => key));
  return keys.filter((key) => !heardOf.has(key));
}

/** Tags that follows carry and the library does not list; deleted ones until it does. */
export async function insertUnlistedTags(
  db: Db,
  platform: string,
  keys: readonly PlatformKey[],
  at: Date,
): Promise<void> {
  const data = keys.map((key) => ({ platform, key, name: '', groupKey: '', groupName: '', deletedAt: at }));
  if (data.length > 0) await db.tag.createMany({ data, skipDuplicates: true });
}

/** Makes the library that of the platform; answers how many tags that changed. */
export async function saveTags(db: Db, platform: string, groups: readonly TagGroup[], at: Date): Promise<number> {
  const rows = await db.tag.findMany({ where: { platform } });
  const known = new Map(rows.map((row) => [row.key, row]));
  const shown = new Map(
    groups.flatMap((group) =>
      group.tags.map(({ key, name, order }) => {
        // Groups first, tags inside them next, in one number that sorts.
        const place = BigInt(group.order) * 2n ** 32n + BigInt(order);
        return [key, { name, groupKey: group.key, groupName: group.name, order: place }] as const;
      }),
    ),
  );
  const changed = [...shown].filter(([key, tag]) => {
    const row = known.get(key);
    return !row || row.deletedAt || !isSame(row, tag);
  });
  for (const [key, tag] of changed) {
    await db.tag.upsert({
      where: { platform_key: { platform, key } },
      create: { platform, key, ...tag },
      update: { ...tag, deletedAt: null },
    });
  }
  const gone = rows.filter(({ key, deletedAt }) => !deletedAt && !shown.has(key)).map(({ id }) => id);
  await db.tag.updateMany({ where: { id: { in: gone } }, data: { deletedAt: at } });
  await db.followTag.deleteMany({ where: { tagId: { in: gone } } });
  return changed.length + gone.length;
}

type TagFace = Pick<Tag, 'name' | 'groupKey' | 'groupName' | 'order'>;

function isSame(one: TagFace, other: TagFace): boolean {
  return (
    one.name === other.name &&
    one.groupKey === other.groupKey &&
    one.groupName === other.groupName &&
    one.order === other.order
  );
}

function toTag({ id, key, name, groupKey, groupName, order }: Prisma.TagModel): Tag {
  return { id, key, name, groupKey, groupName, order };
}
