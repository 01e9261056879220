import { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { SegmentSql } from '#server/segment/compile-segment.ts';
import type { ExclusionReason, PlanCounts, VariantKey } from './broadcast-api.ts';
import { recipientHashOf } from './broadcast-hash.ts';
import { beforehand, type PlanRules } from './plan.ts';
import { listHolding } from './plan-cap-store.ts';
import { linesOf } from './plan-line-store.ts';
import { excludeDuplicates } from './plan-person-store.ts';
import { within } from './plan-sender-store.ts';

const { sql, empty } = Prisma;

/** Contacts per statement and transaction: what a process that dies has to do again. */
const CHUNK = 50_000;

/** Estimates of short-lived tables mislead the compiler of queries into compiling each of them. */
async function prepare(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true)`;
}

/**
 * Writes down who is in the segment at this moment, in chunks, and who of them is the same person as somebody else of
 * them; forgets what was worked out before. Answers how many they are.
 */
export async function startPlan(tx: Db, rules: PlanRules, where: SegmentSql): Promise<number> {
  const { id } = rules.broadcast;
  await prepare(tx);
  await dropPlan(tx, id);
  const next = where.values.length + 1;
  await tx.$executeRawUnsafe(
    `INSERT INTO "BroadcastChunk" ("broadcastId", number, "contactIds")
     SELECT $${next}::uuid, place / $${next + 1}::int, array_agg(id ORDER BY id)
     FROM (SELECT c.id, (row_number() OVER (ORDER BY c.id))::int - 1 AS place FROM "Contact" c WHERE ${where.sql}) AS contact
     GROUP BY 2`,
    ...where.values,
    id,
    CHUNK,
  );
  const [{ total } = { total: 0 }] = await tx.$queryRaw<{ total: number }[]>`
    SELECT coalesce(sum(cardinality("contactIds")), 0)::int AS total FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid`;
  await excludeDuplicates(tx, rules);
  return total;
}

/** What is left of a plan that is none any more: chunks, calls, and the days kept free. Recipients go as they are replaced. */
export async function dropPlan(tx: Db, broadcastId: string): Promise<void> {
  await tx.broadcastChunk.deleteMany({ where: { broadcastId } });
  await tx.broadcastDelivery.deleteMany({ where: { broadcastId } });
  await tx.$executeRaw`DELETE FROM "ContactTouch" WHERE "broadcastId" = ${broadcastId}::uuid AND state = 'reserved'`;
}

export interface Chunk {
  number: number;
  size: number;
  /** The contact with the highest id. */
  last: string;
}

export async function nextChunk(tx: Db, broadcastId: string): Promise<Chunk | null> {
  const [chunk] = await tx.$queryRaw<Chunk[]>`
    SELECT number, cardinality("contactIds") AS size, "contactIds"[cardinality("contactIds")] AS last
    FROM "BroadcastChunk" WHERE "broadcastId" = ${broadcastId}::uuid ORDER BY number LIMIT 1`;
  return chunk ?? null;
}

/**
 * Works out everybody of one chunk; the chunk is gone then. `after` is the last contact of the one before. Of what was
 * worked out before only what is otherwise now is written anew.
 */
export async function planChunk(tx: Db, rules: PlanRules, chunk: Chunk, after: string | null): Promise<void> {
  const { id } = rules.broadcast;
  const reach = { after, until: chunk.last };
  const isReached = within(reach, sql`r."contactId"`);
  await prepare(tx);
  await joinBySize(tx, true);
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_who ON COMMIT DROP AS
    SELECT c.id, c."optedOutAt" IS NOT NULL AS out FROM "Contact" c
    WHERE ${within(reach, sql`c.id`)}
      AND c.id IN (SELECT unnest("contactIds") FROM "BroadcastChunk"
        WHERE "broadcastId" = ${id}::uuid AND number = ${chunk.number})
      AND NOT EXISTS (SELECT FROM "BroadcastRecipient" r WHERE r."broadcastId" = ${id}::uuid
        AND r."contactId" = c.id AND ${isReached} AND r.reason = ANY(${beforehand}::text[]))`;
  await tx.$executeRaw`ANALYZE plan_who`;
  await joinBySize(tx, false);
  await tx.$executeRaw`CREATE TEMP TABLE plan_line ON COMMIT DROP AS ${linesOf(rules, reach, await listHolding(tx, rules))}`;
  await joinBySize(tx, true);
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient" r
    WHERE r."broadcastId" = ${id}::uuid AND ${isReached} AND (r.reason IS NULL OR r.reason <> ALL(${beforehand}::text[]))
      AND NOT EXISTS (SELECT FROM plan_line l WHERE l.id = r."contactId" AND r.state = 'planned'
        AND (l.part, l.reason, l."memberId", l.variant, l."deliveryId")
          IS NOT DISTINCT FROM (r.part, r.reason, r."memberId", r.variant, r."deliveryId"))`;
  await tx.$executeRaw`
    INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, reason, "memberId", variant, "deliveryId")
    SELECT ${id}::uuid, l.id, l.part, l.reason, l."memberId", l.variant, l."deliveryId" FROM plan_line l
    WHERE NOT EXISTS (SELECT FROM "BroadcastRecipient" r
      WHERE r."broadcastId" = ${id}::uuid AND r."contactId" = l.id AND ${isReached})
    ORDER BY l.id`;
  await cutDeliveries(tx, rules);
  if (rules.isFreeze) await keepFree(tx, rules);
  await tx.$executeRaw`DELETE FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid AND number = ${chunk.number}`;
  await tx.$executeRaw`DROP TABLE plan_who, plan_line`;
}

/** How many rows a chunk has is taken for ten where nothing is known of them: then tables are joined by their size. */
async function joinBySize(tx: Db, isOn: boolean): Promise<void> {
  await tx.$executeRaw`SELECT set_config('enable_nestloop', ${isOn ? 'off' : 'on'}, true)`;
}

/** The calls the targets of this chunk belong to, some of which were begun by chunks before. */
async function cutDeliveries(tx: Db, { broadcast: { id, platform } }: PlanRules): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "BroadcastDelivery" AS d
      (id, "broadcastId", "memberId", platform, "memberKey", variant, batch, "contactCount", "contactHash")
    SELECT cut."deliveryId", ${id}::uuid, cut."memberId", ${platform}, account.key, cut.variant, cut.batch, cut.count, ''
    FROM (
      SELECT "deliveryId", "memberId", variant, batch, count(*)::int AS count FROM plan_line
      WHERE part = 'target' GROUP BY "deliveryId", "memberId", variant, batch
    ) AS cut JOIN (
      SELECT "memberId", min(key COLLATE "C") AS key FROM "MemberIdentity"
      WHERE platform = ${platform} AND "leftAt" IS NULL GROUP BY "memberId"
    ) AS account USING ("memberId")
    ON CONFLICT (id) DO UPDATE SET "contactCount" = d."contactCount" + EXCLUDED."contactCount"`;
}

async function keepFree(tx: Db, { broadcast: { id }, span }: PlanRules): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "ContactTouch" ("contactId", "broadcastId", "fromDay", "untilDay")
    SELECT id, ${id}::uuid, DATE '1970-01-01' + ${span.fromDay}::int, DATE '1970-01-01' + ${span.untilDay}::int
    FROM plan_line WHERE part = 'target' ORDER BY id`;
}

/** Who was in the segment after this contact, and is in it no more. */
export async function forgetAfter(tx: Db, broadcastId: string, after: string | null): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient"
    WHERE "broadcastId" = ${broadcastId}::uuid ${after === null ? empty : sql`AND "contactId" > ${after}::uuid`}`;
}

export async function countPlan(tx: Db, broadcastId: string): Promise<PlanCounts> {
  const rows = await tx.$queryRaw<
    { part: string; reason: ExclusionReason | null; variant: VariantKey | null; count: number }[]
  >`
    WITH counted AS (
      SELECT part, reason, variant, "memberId", count(*) AS count FROM "BroadcastRecipient"
      WHERE "broadcastId" = ${broadcastId}::uuid GROUP BY part, reason, variant, "memberId"
    )
    SELECT part, reason, variant, sum(count)::int AS count FROM counted GROUP BY part, reason, variant
    UNION ALL
    SELECT 'members', NULL, NULL, count(DISTINCT "memberId")::int FROM counted WHERE part = 'target'`;
  const counts: PlanCounts = { segment: 0, target: 0, holdOut: 0, excluded: {}, variants: {}, members: 0 };
  for (const { part, reason, variant, count } of rows) {
    if (part === 'members') {
      counts.members = count;
      continue;
    }
    counts.segment += count;
    if (part === 'hold_out') counts.holdOut += count;
    else if (reason !== null) counts.excluded[reason] = count;
    else counts.target += count;
    if (variant !== null) counts.variants[variant] = count;
  }
  return counts;
}

/** Says of each call, for good, whom it goes to; answers the hash of all of them. */
export async function hashDeliveries(tx: Db, broadcastId: string): Promise<string> {
  await prepare(tx);
  await tx.$executeRaw`
    UPDATE "BroadcastDelivery" d SET "contactHash" = hashed.hash FROM (
      SELECT r."deliveryId" AS id,
        encode(sha256(convert_to(string_agg(c.key, E'\\n' ORDER BY c.key COLLATE "C"), 'UTF8')), 'hex') AS hash
      FROM "BroadcastRecipient" r JOIN "Contact" c ON c.id = r."contactId"
      WHERE r."broadcastId" = ${broadcastId}::uuid AND r.part = 'target' GROUP BY r."deliveryId"
    ) AS hashed WHERE hashed.id = d.id`;
  return readRecipientHash(tx, broadcastId);
}

/** As the calls stand now. */
export async function readRecipientHash(db: Db, broadcastId: string): Promise<string> {
  const deliveries = await db.broadcastDelivery.findMany({
    where: { broadcastId },
    select: { memberKey: true, variant: true, batch: true, contactHash: true },
  });
  return recipientHashOf(deliveries);
}

/** How far it is, on a row that is locked; nothing of what is sent is another by it. */
export async function saveProgress(
  tx: Db,
  broadcastId: string,
  { total, done, after }: { total?: number; done: number; after: string | null },
  now: Date,
): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Broadcast" SET "planTotal" = coalesce(${total ?? null}::int, "planTotal"), "planDone" = ${done}::int,
      "planAfter" = ${after}::uuid, "planClaimedAt" = ${now}
    WHERE id = ${broadcastId}::uuid`;
}

export async function isAnybodyIn(tx: Db, { sql: where, values }: SegmentSql): Promise<boolean> {
  await prepare(tx);
  const found = await tx.$queryRawUnsafe<unknown[]>(`SELECT 1 FROM "Contact" c WHERE ${where} LIMIT 1`, ...values);
  return found.length > 0;
}
