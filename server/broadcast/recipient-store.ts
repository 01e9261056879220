import { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { followedStates } from '#server/contact/follow.ts';
import type { ExclusionReason } from './broadcast-api.ts';
import type { FailureReason } from './results-api.ts';

export interface RecipientFilter {
  part?: string | undefined;
  reason?: string | undefined;
  state?: string | undefined;
  failure?: string | undefined;
  replied?: boolean | undefined;
  memberId?: string | undefined;
  variant?: string | undefined;
}

export interface Recipient {
  contactId: string;
  part: 'target' | 'hold_out' | 'excluded';
  reason: ExclusionReason | null;
  memberId: string | null;
  variant: string | null;
  state: 'planned' | 'asked' | 'delivered' | 'failed' | 'dropped';
  failure: FailureReason | null;
  deliveredAt: Date | null;
  repliedAt: Date | null;
}

/** By contact. */
export async function listRecipients(
  db: Db,
  broadcastId: string,
  filter: RecipientFilter,
  page: { after: string | null; limit: number },
): Promise<Recipient[]> {
  const { replied, ...equal } = filter;
  const rows = await db.broadcastRecipient.findMany({
    where: {
      broadcastId,
      ...equal,
      ...(replied === undefined ? {} : { repliedAt: replied ? { not: null } : null }),
      ...(page.after ? { contactId: { gt: page.after } } : {}),
    },
    orderBy: { contactId: 'asc' },
    take: page.limit,
  });
  return rows as Recipient[];
}

/** Of these contacts, names of those inside the scope, with the customer each was bound to first. */
export async function listNamesInScope(
  db: Db,
  scope: Scope,
  contactIds: readonly string[],
): Promise<Map<string, { name: string; customerName: string | null }>> {
  const isSeen = scope.all
    ? Prisma.sql`TRUE`
    : Prisma.sql`EXISTS (SELECT FROM "Follow" f WHERE f."contactId" = c.id
        AND f.state = ANY(${[...followedStates]}::text[]) AND f."memberId" = ANY(${[...scope.memberIds]}::uuid[]))`;
  const rows = await db.$queryRaw<{ id: string; name: string; customerName: string | null }[]>`
    SELECT c.id, c.name, (SELECT k.name FROM "Binding" b JOIN "Customer" k ON k.id = b."customerId"
      WHERE b."contactId" = c.id ORDER BY b."madeAt", k.id LIMIT 1) AS "customerName"
    FROM "Contact" c WHERE c.id = ANY(${[...contactIds]}::uuid[]) AND ${isSeen}`;
  return new Map(rows.map(({ id, ...names }) => [id, names]));
}

/** How many each of these reached, and how many of them replied. */
export async function countReached(
  db: Db,
  broadcastIds: readonly string[],
): Promise<Map<string, { delivered: number; replied: number }>> {
  if (broadcastIds.length === 0) return new Map();
  const rows = await db.$queryRaw<{ id: string; delivered: number; replied: number }[]>`
    SELECT "broadcastId" AS id, count(*)::int AS delivered, count("repliedAt")::int AS replied
    FROM "BroadcastRecipient" WHERE "broadcastId" = ANY(${[...broadcastIds]}::uuid[]) AND state = 'delivered'
    GROUP BY "broadcastId"`;
  return new Map(rows.map(({ id, ...counts }) => [id, counts]));
}
