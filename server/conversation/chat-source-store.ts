import { Prisma, type ChatSource } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { Platform } from '#server/platform/platform.ts';
import { sourceIdOf, type SourceKind } from './conversation.ts';

/** The row, made when it is first asked for. */
export async function getSource(db: Db, platform: string, kind: SourceKind): Promise<ChatSource> {
  const id = sourceIdOf(platform, kind);
  await db.chatSource.createMany({ data: { id, platform, kind }, skipDuplicates: true });
  return db.chatSource.findUniqueOrThrow({ where: { id } });
}

/** Every source of the connected platforms. */
export async function listSources(db: Db, platforms: readonly Platform[]): Promise<ChatSource[]> {
  for (const { name, archive, capabilities } of platforms) {
    if (archive) await getSource(db, name, 'archive');
    if (capabilities.contacts) await getSource(db, name, 'paste');
  }
  return db.chatSource.findMany({ orderBy: { id: 'asc' } });
}

export async function findSource(db: Db, id: string): Promise<ChatSource | null> {
  return db.chatSource.findUnique({ where: { id } });
}

export async function saveSource(
  db: Db,
  id: string,
  change: { enabled?: boolean | undefined; modelAllowed?: boolean | undefined },
): Promise<ChatSource> {
  return db.chatSource.update({
    where: { id },
    data: {
      ...(change.enabled === undefined ? {} : { enabled: change.enabled }),
      ...(change.modelAllowed === undefined ? {} : { modelAllowed: change.modelAllowed }),
    },
  });
}

/** False when someone else has moved it from `from` meanwhile: what was read with it must not be stored. */
export async function moveCursor(db: Db, id: string, from: string, to: string): Promise<boolean> {
  const { count } = await db.chatSource.updateMany({ where: { id, cursor: from }, data: { cursor: to } });
  return count === 1;
}

/** Adds to the counts of records that are no message of a member and a contact. */
export async function countPassedOver(db: Db, id: string, counts: Record<string, number>): Promise<void> {
  for (const [reason, count] of Object.entries(counts)) {
    await db.$executeRaw(
      Prisma.sql`UPDATE "ChatSource" SET "passedOver" = jsonb_set("passedOver", ARRAY[${reason}]::text[],
        to_jsonb(coalesce(("passedOver"->>${reason})::int, 0) + ${count}::int)) WHERE id = ${id}`,
    );
  }
}
