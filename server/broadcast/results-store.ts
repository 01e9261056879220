import { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { followedStates } from '#server/contact/follow.ts';
import { unknownBroadcast } from './broadcast.ts';
import type { FailureReason } from './broadcast-api.ts';

/** What its results hang on. */
export interface Sent {
  id: string;
  startedAt: Date | null;
  resultsAt: Date | null;
}

/** After the one, up to the other; both groups have the same. Null before anything left. */
export interface Window {
  from: Date | null;
  until: Date | null;
}

export async function getSent(db: Db, id: string): Promise<Sent> {
  const sent = await db.broadcast.findUnique({ where: { id }, select: { id: true, startedAt: true, resultsAt: true } });
  if (!sent) throw unknownBroadcast();
  return sent;
}

export async function listStartedSince(db: Db, since: Date): Promise<{ id: string; startedAt: Date }[]> {
  const rows = await db.broadcast.findMany({
    where: { startedAt: { gt: since } },
    orderBy: { startedAt: 'asc' },
    select: { id: true, startedAt: true },
  });
  return rows.flatMap(({ id, startedAt }) => (startedAt ? [{ id, startedAt }] : []));
}

/**
 * Sets the first word of each contact in the window, whichever member it was said to; answers for how many that is news.
 * Reads one message of each conversation that was spoken in since.
 */
export async function markReplied(db: Db, id: string, { from, until }: { from: Date; until: Date }): Promise<number> {
  return db.$executeRaw`
    UPDATE "BroadcastRecipient" recipient SET "repliedAt" = said.at
    FROM (
      SELECT conversation."contactId", min(first.at) AS at
      FROM "Conversation" conversation CROSS JOIN LATERAL (
        SELECT message.at FROM "Message" message
        WHERE message."conversationId" = conversation.id AND message.sender = 'contact'
          AND message.at > ${from}::timestamptz AND message.at <= ${until}::timestamptz
        ORDER BY message.at LIMIT 1) first
      WHERE conversation."lastMessageAt" > ${from}::timestamptz
      GROUP BY conversation."contactId") said
    WHERE recipient."broadcastId" = ${id}::uuid AND recipient."contactId" = said."contactId"
      AND recipient.part <> 'excluded' AND (recipient."repliedAt" IS NULL OR recipient."repliedAt" > said.at)`;
}

/** As `netOf` rounds: half a fen of the discount is given. */
const net = Prisma.sql`(sale."amountFen" - floor(sale."amountFen" * sale."discountBp" / 10000.0 + 0.5))`;

/**
 * What customers bought in the window, by the one contact it counts for: of those who were targeted or held out, the one
 * bound to the customer first. Whom a sale is written down for, and who wrote, may come of the broadcast itself and
 * would favour those who were sent it; which contact was bound first does not.
 */
const dealt = (id: string, { from, until }: Window) => Prisma.sql`
  SELECT contact, sum(fen) AS fen FROM (
    SELECT DISTINCT ON (won.customer) binding."contactId" AS contact, won.fen
    FROM (
      SELECT sale."customerId" AS customer, coalesce(sum(${net}), 0) AS fen FROM "Opportunity" sale
      WHERE sale.stage = 'won' AND sale."stageAt" > ${from}::timestamptz AND sale."stageAt" <= ${until}::timestamptz
      GROUP BY sale."customerId") won
    JOIN "Binding" binding ON binding."customerId" = won.customer
    JOIN "BroadcastRecipient" recipient ON recipient."broadcastId" = ${id}::uuid AND recipient."contactId" = binding."contactId"
      AND recipient.part <> 'excluded'
    ORDER BY won.customer, binding."madeAt", binding."contactId") first
  GROUP BY contact`;

/** The platform has the call this contact is in. */
const isAsked = Prisma.sql`(recipient.state = 'delivered' OR (recipient.state IN ('asked', 'failed')
  AND delivery.key IS NOT NULL AND coalesce(recipient.failure, '') <> 'unsendable'))`;
/** Their member let it go out. */
const isConfirmed = Prisma.sql`(recipient.state = 'delivered' OR (${isAsked} AND (
  recipient.failure IN ('not_connected', 'over_quota')
  OR (delivery."confirmedAt" IS NOT NULL AND coalesce(recipient.failure, '') NOT IN ('not_confirmed', 'cancelled')))))`;

/** Recipients that are alike, and how many they are. */
export interface Alike {
  part: 'target' | 'hold_out' | 'excluded';
  memberId: string | null;
  variant: string | null;
  state: string;
  failure: FailureReason | null;
  isAsked: boolean;
  isConfirmed: boolean;
  hasReplied: boolean;
  hasDealt: boolean;
  count: number;
  /** In yuan: the sum of what each brought, and of its squares. */
  sum: number;
  squares: number;
}

/** Everyone of the segment, once. Of a million recipients in one pass. */
export async function groupRecipients(db: Db, id: string, window: Window): Promise<Alike[]> {
  return db.$queryRaw<Alike[]>`
    WITH dealt AS MATERIALIZED (${dealt(id, window)})
    SELECT part, "memberId", variant, state, failure, "isAsked", "isConfirmed", "hasReplied", "hasDealt",
      count(*)::int AS count, coalesce(sum(yuan), 0) AS sum, coalesce(sum(yuan * yuan), 0) AS squares
    FROM (
      SELECT recipient.part, recipient.state, recipient.failure, recipient.variant,
        CASE WHEN recipient.part = 'target' THEN recipient."memberId" END AS "memberId",
        recipient.part = 'target' AND ${isAsked} AS "isAsked",
        recipient.part = 'target' AND ${isConfirmed} AS "isConfirmed",
        recipient."repliedAt" IS NOT NULL AND recipient."repliedAt" <= ${window.until}::timestamptz AS "hasReplied",
        dealt.contact IS NOT NULL AS "hasDealt",
        (dealt.fen / 100)::float8 AS yuan
      FROM "BroadcastRecipient" recipient
      LEFT JOIN "BroadcastDelivery" delivery ON delivery.id = recipient."deliveryId"
      LEFT JOIN dealt ON dealt.contact = recipient."contactId"
      WHERE recipient."broadcastId" = ${id}::uuid) recipient
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9`;
}

/** Calls of a member that stand alike. */
export interface CallCount {
  memberId: string;
  state: string;
  isConfirmed: boolean;
  count: number;
  remindedAt: Date | null;
}

export async function countCalls(db: Db, id: string): Promise<CallCount[]> {
  return db.$queryRaw<CallCount[]>`
    SELECT "memberId", state, "confirmedAt" IS NOT NULL AS "isConfirmed", count(*)::int AS count, max("remindedAt") AS "remindedAt"
    FROM "BroadcastDelivery" WHERE "broadcastId" = ${id}::uuid GROUP BY 1, 2, 3`;
}

export interface RecipientRow {
  contactId: string;
  name: string;
  customerName: string | null;
  memberName: string | null;
  part: string;
  reason: string | null;
  variant: string | null;
  state: string;
  failure: string | null;
  deliveredAt: Date | null;
  repliedAt: Date | null;
}

/** By contact, what it brought, in yuan. */
export async function listDealt(db: Db, id: string, window: Window): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ contact: string; yuan: number }[]>`
    SELECT contact, (fen / 100)::float8 AS yuan FROM (${dealt(id, window)}) dealt`;
  return new Map(rows.map(({ contact, yuan }) => [contact, yuan]));
}

/** The next recipients inside the scope, by contact. */
export async function pageRecipients(
  db: Db,
  scope: Scope,
  id: string,
  page: { after: string | null; limit: number },
): Promise<RecipientRow[]> {
  const inScope = scope.all
    ? Prisma.sql`TRUE`
    : Prisma.sql`EXISTS (SELECT 1 FROM "Follow" follow WHERE follow."contactId" = recipient."contactId"
        AND follow.state = ANY(${[...followedStates]}::text[]) AND follow."memberId" = ANY(${[...scope.memberIds]}::uuid[]))`;
  const after = page.after ? Prisma.sql`recipient."contactId" > ${page.after}::uuid` : Prisma.sql`TRUE`;
  return db.$queryRaw<RecipientRow[]>`
    WITH page AS MATERIALIZED (
      SELECT recipient.* FROM "BroadcastRecipient" recipient
      WHERE recipient."broadcastId" = ${id}::uuid AND ${after} AND ${inScope}
      ORDER BY recipient."contactId" LIMIT ${page.limit})
    SELECT page."contactId", contact.name, customer.name AS "customerName", member.name AS "memberName", page.part,
      page.reason, page.variant, page.state, page.failure, page."deliveredAt", page."repliedAt"
    FROM page
    JOIN "Contact" contact ON contact.id = page."contactId"
    LEFT JOIN "Member" member ON member.id = page."memberId"
    LEFT JOIN LATERAL (
      SELECT customer.name FROM "Binding" binding JOIN "Customer" customer ON customer.id = binding."customerId"
      WHERE binding."contactId" = page."contactId" ORDER BY binding."madeAt", customer.id LIMIT 1) customer ON TRUE
    ORDER BY page."contactId"`;
}
