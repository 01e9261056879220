import { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { followedStates } from '#server/contact/follow.ts';
import { unknownBroadcast } from './broadcast.ts';
import type { FailureReason } from './results-api.ts';

/** What its results hang on. */
export interface Sent {
  id: string;
  platform: string;
  startedAt: Date | null;
  finishedAt: Date | null;
  resultsAt: Date | null;
}

/** After the one, up to the other; both groups have the same. Null before anything left. */
export interface Window {
  from: Date | null;
  until: Date | null;
}

export async function getSent(db: Db, id: string): Promise<Sent> {
  const select = { id: true, platform: true, startedAt: true, finishedAt: true, resultsAt: true };
  const sent = await db.broadcast.findUnique({ where: { id }, select });
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
 * Of the messages stored since `storedSince`, whose ids begin with when they were made; of all when null.
 */
export async function markReplied(
  db: Db,
  id: string,
  { from, until }: { from: Date; until: Date },
  storedSince: Date | null,
): Promise<number> {
  const said = storedSince
    ? Prisma.sql`
      SELECT conversation."contactId", min(message.at) AS at
      FROM "Message" message JOIN "Conversation" conversation ON conversation.id = message."conversationId"
      WHERE message.id >= ${firstIdAt(storedSince)}::uuid AND message.sender = 'contact'
        AND message.at > ${from}::timestamptz AND message.at <= ${until}::timestamptz
      GROUP BY conversation."contactId"`
    : Prisma.sql`
      SELECT conversation."contactId", min(first.at) AS at
      FROM "Conversation" conversation CROSS JOIN LATERAL (
        SELECT message.at FROM "Message" message
        WHERE message."conversationId" = conversation.id AND message.sender = 'contact'
          AND message.at > ${from}::timestamptz AND message.at <= ${until}::timestamptz
        ORDER BY message.at LIMIT 1) first
      WHERE conversation."lastMessageAt" > ${from}::timestamptz
      GROUP BY conversation."contactId"`;
  return db.$executeRaw`
    UPDATE "BroadcastRecipient" recipient SET "repliedAt" = said.at FROM (${said}) said
    WHERE recipient."broadcastId" = ${id}::uuid AND recipient."contactId" = said."contactId"
      AND recipient.part <> 'excluded' AND (recipient."repliedAt" IS NULL OR recipient."repliedAt" > said.at)`;
}

/** No UUID of version 7 (RFC 9562, 5.7) made then or later is smaller. */
function firstIdAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
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
const isAsked = Prisma.sql`(part.state = 'delivered' OR (part.state IN ('asked', 'failed')
  AND delivery.key IS NOT NULL AND coalesce(part.failure, '') <> 'unsendable'))`;
/** Their member let it go out. */
const isConfirmed = Prisma.sql`(part.state = 'delivered' OR (${isAsked} AND (
  part.failure IN ('not_connected', 'over_quota')
  OR (delivery."confirmedAt" IS NOT NULL AND coalesce(part.failure, '') NOT IN ('not_confirmed', 'cancelled')))))`;

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

/**
 * Everyone of the segment, once. Recipients are counted in one pass before anything is joined to them, and those who
 * brought a deal are then taken out of their group into one of their own. Inside a transaction.
 */
export async function groupRecipients(tx: Db, id: string, window: Window): Promise<Alike[]> {
  // There are as many groups as calls times ways to end: they fit, and PostgreSQL sorts all rows when it fears not.
  await tx.$executeRaw`SET LOCAL work_mem = '64MB'`;
  const face = Prisma.sql`recipient.part, CASE WHEN recipient.part = 'target' THEN recipient."memberId" END AS "memberId",
    recipient.variant, recipient.state, recipient.failure, recipient."deliveryId",
    recipient."repliedAt" IS NOT NULL AND recipient."repliedAt" <= ${window.until}::timestamptz AS "hasReplied"`;
  return tx.$queryRaw<Alike[]>`
    WITH dealt AS MATERIALIZED (${dealt(id, window)}),
    counted AS (
      SELECT ${face}, count(*) AS count FROM "BroadcastRecipient" recipient
      WHERE recipient."broadcastId" = ${id}::uuid GROUP BY 1, 2, 3, 4, 5, 6, 7),
    bought AS MATERIALIZED (
      SELECT ${face}, count(*) AS count, sum((dealt.fen / 100)::float8) AS sum, sum(((dealt.fen / 100) ^ 2)::float8) AS squares
      FROM dealt JOIN "BroadcastRecipient" recipient
        ON recipient."broadcastId" = ${id}::uuid AND recipient."contactId" = dealt.contact
      GROUP BY 1, 2, 3, 4, 5, 6, 7),
    parts AS (
      SELECT *, FALSE AS "hasDealt", 0::float8 AS sum, 0::float8 AS squares FROM counted
      UNION ALL SELECT part, "memberId", variant, state, failure, "deliveryId", "hasReplied", -count, FALSE, 0, 0 FROM bought
      UNION ALL SELECT part, "memberId", variant, state, failure, "deliveryId", "hasReplied", count, TRUE, sum, squares FROM bought)
    SELECT part.part, part."memberId", part.variant, part.state, part.failure,
      part.part = 'target' AND ${isAsked} AS "isAsked", part.part = 'target' AND ${isConfirmed} AS "isConfirmed",
      part."hasReplied", part."hasDealt", sum(part.count)::int AS count, sum(part.sum) AS sum, sum(part.squares) AS squares
    FROM parts part LEFT JOIN "BroadcastDelivery" delivery ON delivery.id = part."deliveryId"
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(part.count) > 0`;
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

/** Of the calls that wait for their member, who opted out since; of those without an answer, whom they were for. */
export async function countConcerns(tx: Db, id: string): Promise<{ optedOut: number; unsure: number }> {
  const [row] = await tx.$queryRaw<{ optedOut: number; unsure: number }[]>`
    SELECT
      (SELECT count(*)::int FROM "BroadcastDelivery" d
       JOIN "BroadcastRecipient" r ON r."deliveryId" = d.id AND r.state = 'asked'
       JOIN "Contact" c ON c.id = r."contactId" AND c."optedOutAt" IS NOT NULL
       WHERE d."broadcastId" = ${id}::uuid AND d.state = 'asked') AS "optedOut",
      (SELECT count(*)::int FROM "BroadcastDelivery" d
       JOIN "BroadcastRecipient" r ON r."deliveryId" = d.id AND r.state = 'planned'
       WHERE d."broadcastId" = ${id}::uuid AND d.state = 'unknown') AS unsure`;
  return row ?? { optedOut: 0, unsure: 0 };
}

const FINISHED_LOOKED_AT = 3;
const REACHED_LOOKED_AT = 20_000;

/** The share of those reached who replied, of some the last broadcasts reached; null when none has finished. */
export async function readReplyRate(db: Db): Promise<number | null> {
  const finished = await db.broadcast.findMany({
    where: { state: 'finished' },
    orderBy: { finishedAt: 'desc' },
    take: FINISHED_LOOKED_AT,
    select: { id: true },
  });
  if (finished.length === 0) return null;
  const [row] = await db.$queryRaw<{ rate: number | null }[]>`
    SELECT avg(("repliedAt" IS NOT NULL)::int)::float8 AS rate FROM (
      SELECT "repliedAt" FROM "BroadcastRecipient"
      WHERE "broadcastId" = ANY(${finished.map(({ id }) => id)}::uuid[]) AND part = 'target' AND state = 'delivered'
      LIMIT ${REACHED_LOOKED_AT}) AS reached`;
  return row?.rate ?? null;
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
