import { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { exclusionReasons, type ExclusionReason, type PlanCounts, type VariantKey } from './broadcast-api.ts';
import type { SegmentSql } from '#server/segment/compile-segment.ts';
import type { Broadcast } from './broadcast.ts';
import { recipientHashOf } from './broadcast-hash.ts';
import { horizonOf, rollingOf, windowsOver, type Caps, type Span } from './caps.ts';

type Sql = Prisma.Sql;
const { sql, empty, join } = Prisma;

/** Contacts per statement and transaction: what a process that dies has to do again. */
export const CHUNK = 50_000;

/** All that decides about one contact, beside what is known of them. */
export interface PlanRules {
  broadcast: Pick<Broadcast, 'id' | 'platform' | 'audience'>;
  /** Cumulative, in percent: A 50, B 100. */
  variants: { key: VariantKey; upTo: number }[];
  span: Span;
  caps: Caps;
  /** It would leave in quiet hours. */
  isQuiet: boolean;
  /** What a freeze cuts into calls, each with so many contacts at most; null for a check. */
  freeze: { version: number; contactsMax: number } | null;
}

/** Plans that keep days free come one after the other: two at once could both take the last place under a cap. */
export async function lockTouches(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('broadcast-touches', 0))`;
}

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

/**
 * Of contacts who are one person, the first by the rule of senders stays. Who is one person: who shares a key across apps,
 * or is bound to the same customer who is a person; and whoever is one person with one of these.
 */
async function excludeDuplicates(tx: Db, rules: PlanRules): Promise<void> {
  const { id, platform } = rules.broadcast;
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient"
    WHERE "broadcastId" = ${id}::uuid AND part = 'excluded' AND reason = 'duplicate_person'`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_tie ON COMMIT DROP AS
    WITH tie AS (
      SELECT c.id, 'u' || c."unionKey" AS tie FROM "Contact" c
      WHERE c.platform = ${platform} AND c."unionKey" IN (
        SELECT "unionKey" FROM "Contact" WHERE "unionKey" IS NOT NULL GROUP BY 1 HAVING count(*) > 1)
      UNION ALL
      SELECT b."contactId", 'c' || b."customerId" FROM "Binding" b JOIN "Customer" k ON k.id = b."customerId"
      WHERE k.kind = 'person' AND b."customerId" IN (
        SELECT "customerId" FROM "Binding" GROUP BY 1 HAVING count(*) > 1)
    )
    SELECT id, tie FROM (
      SELECT tie.id, tie.tie, count(*) OVER (PARTITION BY tie.tie) AS size FROM tie
      WHERE tie.id IN (SELECT unnest("contactIds") FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid)
    ) AS tied WHERE size > 1`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_who ON COMMIT DROP AS SELECT DISTINCT id FROM plan_tie`;
  await tx.$executeRaw`ANALYZE plan_who`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_person ON COMMIT DROP AS
    WITH ${sendersOf(rules, 'all')}
    SELECT *, place AS person FROM (
      SELECT w.id, able.id IS NOT NULL AS able,
        row_number() OVER (ORDER BY able.id IS NULL, ${senderOrder(rules.broadcast.audience.senderRule, sql`able`)}, w.id)::int AS place
      FROM plan_who w LEFT JOIN (
        SELECT sender.* FROM sender JOIN "Contact" c USING (id) WHERE c."optedOutAt" IS NULL
      ) AS able USING (id)
    ) AS placed`;
  // Until everybody who is one person has the place of the first of them.
  for (let changed = 1; changed > 0;) {
    changed = await tx.$executeRaw`
      UPDATE plan_person p SET person = best.person FROM (
        SELECT mine.id, min(first.person) AS person FROM plan_tie mine JOIN (
          SELECT t.tie, min(p.person) AS person FROM plan_tie t JOIN plan_person p ON p.id = t.id GROUP BY t.tie
        ) AS first ON first.tie = mine.tie GROUP BY mine.id
      ) AS best WHERE best.id = p.id AND best.person < p.person`;
  }
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient"
    WHERE "broadcastId" = ${id}::uuid AND "contactId" IN (SELECT id FROM plan_person WHERE able AND person < place)`;
  await tx.$executeRaw`
    INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, reason)
    SELECT ${id}::uuid, id, 'excluded', 'duplicate_person' FROM plan_person WHERE able AND person < place`;
  await tx.$executeRaw`DROP TABLE plan_tie, plan_who, plan_person`;
}

/**
 * For everybody in plan_who: `follow`, their connections with the members asked for; `standing`, whether there is anybody
 * to send; `sender`, who does. What chats and owners say is asked for only where it decides, unless `of` is all.
 */
function sendersOf({ broadcast: { platform, audience } }: PlanRules, of: 'several' | 'all'): Sql {
  const isChosen = audience.memberIds === null ? sql`TRUE` : sql`f."memberId" = ANY(${audience.memberIds}::uuid[])`;
  const needed = of === 'all' ? sql`senders > 0` : sql`senders > 1`;
  const single = sql`UNION ALL
    SELECT id, sole, NULL, FALSE, NULL FROM standing WHERE senders = 1`;
  return sql`
    ready AS MATERIALIZED (
      SELECT m.id FROM "Member" m WHERE m.status = 'active' AND EXISTS (
        SELECT FROM "MemberIdentity" i WHERE i."memberId" = m.id AND i.platform = ${platform} AND i."leftAt" IS NULL)
    ),
    follow AS MATERIALIZED (
      SELECT f."contactId" AS id, f."memberId", f."addedAt", f.state,
        f.state = 'active' AND ${isChosen} AS chosen,
        f.state = 'active' AND ${isChosen} AND r.id IS NOT NULL AS ready
      FROM plan_who w JOIN "Follow" f ON f."contactId" = w.id LEFT JOIN ready r ON r.id = f."memberId"
    ),
    standing AS MATERIALIZED (
      SELECT id,
        bool_or(chosen) AS chosen,
        bool_or(state = 'removed_by_contact') AND NOT bool_or(state IN ('active', 'pending', 'removed_by_member')) AS removed,
        count(*) FILTER (WHERE ready) AS senders,
        (array_agg("memberId") FILTER (WHERE ready))[1] AS sole
      FROM follow GROUP BY id
    ),
    sender AS MATERIALIZED (
      (SELECT DISTINCT ON (id) id, "memberId", "lastMessageAt", owns, "addedAt" FROM (
        SELECT f.id, f."memberId", v."lastMessageAt", f."addedAt", EXISTS (
          SELECT FROM "Binding" b JOIN "Customer" k ON k.id = b."customerId"
          WHERE b."contactId" = f.id AND k."ownerId" = f."memberId") AS owns
        FROM standing JOIN follow f USING (id)
        LEFT JOIN "Conversation" v ON v."contactId" = f.id AND v."memberId" = f."memberId"
        WHERE f.ready AND ${needed}
      ) AS candidate
      ORDER BY id, ${senderOrder(audience.senderRule, sql`candidate`)}, "memberId")
      ${of === 'all' ? empty : single}
    )`;
}

/** Each rule falls back to the next. */
function senderOrder(rule: Broadcast['audience']['senderRule'], of: Sql): Sql {
  const firstAdded = sql`${of}."addedAt" ASC NULLS LAST`;
  const owner = sql`${of}.owns DESC, ${firstAdded}`;
  switch (rule) {
    case 'last_chat':
      return sql`${of}."lastMessageAt" DESC NULLS LAST, ${owner}`;
    case 'owner':
      return owner;
    case 'first_added':
      return firstAdded;
    default:
      return rule satisfies never;
  }
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

/** Works out everybody of one chunk; the chunk is gone then. `after` is the last contact of the one before. */
export async function planChunk(tx: Db, rules: PlanRules, chunk: Chunk, after: string | null): Promise<void> {
  const { id } = rules.broadcast;
  await prepare(tx);
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_who ON COMMIT DROP AS
    SELECT c.id, c."optedOutAt" IS NOT NULL AS out FROM (
      SELECT unnest("contactIds") AS id FROM "BroadcastChunk"
      WHERE "broadcastId" = ${id}::uuid AND number = ${chunk.number}
    ) AS listed JOIN "Contact" c USING (id)
    WHERE NOT EXISTS (SELECT FROM "BroadcastRecipient" r
      WHERE r."broadcastId" = ${id}::uuid AND r."contactId" = c.id AND r.part = 'excluded' AND r.reason = 'duplicate_person')
    ORDER BY c.id`;
  await tx.$executeRaw`ANALYZE plan_who`;
  await forgetRecipients(tx, id, { after, until: chunk.last });
  await tx.$executeRaw(insertRecipients(rules));
  await tx.$executeRaw`DELETE FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid AND number = ${chunk.number}`;
  await tx.$executeRaw`DROP TABLE plan_who`;
}

/** As they were worked out before, but for those found to be somebody else just now. */
export async function forgetRecipients(
  tx: Db,
  broadcastId: string,
  { after, until }: { after: string | null; until: string | null },
): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient"
    WHERE "broadcastId" = ${broadcastId}::uuid AND reason IS DISTINCT FROM 'duplicate_person'
      ${after === null ? empty : sql`AND "contactId" > ${after}::uuid`}
      ${until === null ? empty : sql`AND "contactId" <= ${until}::uuid`}`;
}

const place = (reason: ExclusionReason): number => exclusionReasons.indexOf(reason);

/** One statement: who gets it, who does not and why; the calls it is cut into; the days kept free. */
function insertRecipients(rules: PlanRules): Sql {
  const { broadcast, freeze, span, isQuiet } = rules;
  const { id, platform, audience } = broadcast;
  const day = (at: number) => sql`(DATE '1970-01-01' + ${at}::int)`;
  const batched = freeze
    ? sql`
    before AS (
      SELECT "memberId", variant, sum("contactCount") AS count FROM "BroadcastDelivery"
      WHERE "broadcastId" = ${id}::uuid GROUP BY "memberId", variant
    ),
    batched AS (
      SELECT part.*, (coalesce(before.count, 0) - 1
        + row_number() OVER (PARTITION BY part.part, part."memberId", part.variant ORDER BY id))::int / ${freeze.contactsMax}::int AS batch
      FROM part LEFT JOIN before USING ("memberId", variant)
    )`
    : sql`
    batched AS (SELECT *, NULL::int AS batch FROM part)`;
  const deliveryId = freeze
    ? sql`CASE WHEN part = 'target'
        THEN md5(concat_ws(':', ${id}::text, ${freeze.version}::text, "memberId", variant, batch))::uuid END`
    : sql`NULL::uuid`;
  const cut = freeze
    ? sql`,
    cut AS (
      INSERT INTO "BroadcastDelivery" AS d
        (id, "broadcastId", "memberId", platform, "memberKey", variant, batch, "contactCount", "contactHash")
      SELECT "deliveryId", ${id}::uuid, "memberId", ${platform}, (SELECT min(i.key COLLATE "C") FROM "MemberIdentity" i
          WHERE i."memberId" = planned."memberId" AND i.platform = ${platform} AND i."leftAt" IS NULL),
        variant, batch, count(*)::int, ''
      FROM planned WHERE part = 'target' GROUP BY "deliveryId", "memberId", variant, batch
      ON CONFLICT ("broadcastId", "memberId", variant, batch)
        DO UPDATE SET "contactCount" = d."contactCount" + EXCLUDED."contactCount"
    ),
    touch AS (
      INSERT INTO "ContactTouch" ("contactId", "broadcastId", "fromDay", "untilDay")
      SELECT id, ${id}::uuid, ${day(span.fromDay)}, ${day(span.untilDay)} FROM planned WHERE part = 'target'
    )`
    : empty;
  const quiet = isQuiet ? sql`${place('quiet_hours')}::int` : sql`NULL::int`;
  return sql`
    WITH ${sendersOf(rules, 'several')},
    ${fullOf(rules)},
    known AS (
      SELECT w.id, sender."memberId", CASE
        WHEN w.out THEN ${place('opted_out')}::int
        WHEN standing.removed THEN ${place('removed_us')}::int
        WHEN standing.chosen IS NOT TRUE THEN ${place('no_sender')}::int
        WHEN sender."memberId" IS NULL THEN ${place('sender_unready')}::int
        ELSE coalesce(taken.place, ${quiet}) END AS place,
        md5(${id}::text || w.id::text) AS dice
      FROM plan_who w LEFT JOIN standing ON standing.id = w.id LEFT JOIN sender ON sender.id = w.id
      LEFT JOIN taken ON taken.id = w.id
    ),
    part AS (
      SELECT id, "memberId", place, part, CASE WHEN part = 'target' THEN ${variantOf(rules)} END AS variant FROM (
        SELECT *, CASE WHEN place IS NOT NULL THEN 'excluded'
          WHEN ('x' || substr(dice, 1, 8))::bit(32)::bigint % 100 < ${audience.holdOutPercent}::int THEN 'hold_out'
          ELSE 'target' END AS part
        FROM known
      ) AS parted
    ),
    ${batched},
    planned AS MATERIALIZED (SELECT *, ${deliveryId} AS "deliveryId" FROM batched)
    ${cut}
    INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, reason, "memberId", variant, "deliveryId")
    SELECT ${id}::uuid, id, part, (${[...exclusionReasons]}::text[])[place + 1], "memberId", variant, "deliveryId"
    FROM planned ORDER BY id`;
}

function variantOf({ variants }: PlanRules): Sql {
  const roll = sql`('x' || substr(dice, 9, 8))::bit(32)::bigint % 100`;
  const last = variants.at(-1)?.key ?? 'A';
  if (variants.length < 2) return sql`${last}::text`;
  return sql`CASE ${join(
    variants.slice(0, -1).map(({ key, upTo }) => sql`WHEN ${roll} < ${upTo}::int THEN ${key}::text`),
    ' ',
  )} ELSE ${last}::text END`;
}

/** `taken`: contacts another broadcast would be too much for, and the first reason. As caps.ts, mayTouch says it of one contact. */
function fullOf({ broadcast: { id }, span, caps }: PlanRules): Sql {
  const horizon = horizonOf(span, caps);
  const windows = windowsOver(span, caps).map(({ reason, ...window }) => ({ place: place(reason), ...window }));
  const rolling = rollingOf(caps).map(({ reason, ...window }) => ({ place: place(reason), ...window }));
  return sql`
    near AS MATERIALIZED (
      SELECT w.id, t."fromDay" - DATE '1970-01-01' AS "fromDay", t."untilDay" - DATE '1970-01-01' AS "untilDay", t.state
      FROM plan_who w JOIN "ContactTouch" t ON t."contactId" = w.id
      WHERE t."broadcastId" <> ${id}::uuid
        AND t."untilDay" >= DATE '1970-01-01' + ${horizon.fromDay}::int
        AND t."fromDay" <= DATE '1970-01-01' + ${horizon.untilDay}::int
    ),
    calendar AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(windows)}::jsonb)
        AS w (place int, "fromDay" int, "untilDay" int, cap int)
    ),
    -- Of the windows that begin on any day, the fullest begin where one of the touches begins to be in them.
    begin AS MATERIALIZED (
      SELECT DISTINCT near.id, w.place, w.days, w.cap,
        greatest(near."fromDay", ${span.fromDay}::int) - w.days + 1 AS day, near."untilDay"
      FROM near CROSS JOIN jsonb_to_recordset(${JSON.stringify(rolling)}::jsonb) AS w (place int, days int, cap int)
    ),
    taken AS MATERIALIZED (
      SELECT id, min(place) AS place FROM (
        SELECT id, ${place('overlapping')}::int AS place FROM near
        WHERE state = 'reserved' AND "fromDay" <= ${span.untilDay}::int AND "untilDay" >= ${span.fromDay}::int
        UNION ALL
        SELECT near.id, w.place FROM near JOIN calendar w ON near."fromDay" <= w."untilDay" AND near."untilDay" >= w."fromDay"
        GROUP BY near.id, w.place, w."fromDay", w.cap HAVING count(*) + 1 > w.cap
        UNION ALL
        SELECT begin.id, begin.place FROM begin JOIN near ON near.id = begin.id
          AND near."fromDay" <= begin.day + begin.days - 1 AND near."untilDay" >= begin.day
        WHERE begin.day <= ${span.untilDay}::int AND begin."untilDay" >= begin.day
        GROUP BY begin.id, begin.place, begin.day, begin."untilDay", begin.cap HAVING count(*) + 1 > begin.cap
      ) AS over GROUP BY id
    )`;
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

/** What is being worked out, or was to be: for whoever finds that nobody does. */
export async function listPlanning(db: Db): Promise<string[]> {
  const rows = await db.broadcast.findMany({
    where: { planning: { not: null }, planError: null },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Requests for approval that are not heard to have ended. */
export async function listWaiting(db: Db): Promise<string[]> {
  const rows = await db.broadcast.findMany({ where: { state: 'awaiting_approval' }, select: { approvalId: true } });
  return rows.flatMap(({ approvalId }) => (approvalId === null ? [] : [approvalId]));
}

export async function isAnybodyIn(tx: Db, { sql: where, values }: SegmentSql): Promise<boolean> {
  const found = await tx.$queryRawUnsafe<unknown[]>(`SELECT 1 FROM "Contact" c WHERE ${where} LIMIT 1`, ...values);
  return found.length > 0;
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
