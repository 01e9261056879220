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
  /** Of one call. */
  contactsMax: number;
  /** Its days are kept free from here on. */
  isFreeze: boolean;
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

/** Reasons that come of looking at everybody at once, before the chunks. */
const beforehand = ['duplicate_person', 'person_opted_out'] satisfies ExclusionReason[];

/**
 * Of contacts who are one person, the first by the rule of senders stays. Who is one person: who shares a key across apps,
 * or is bound to the same customer who is a person; and whoever is one person with one of these. Who opted out as one of
 * them, in the segment or not, is left alone as all of them.
 */
async function excludeDuplicates(tx: Db, rules: PlanRules): Promise<void> {
  const { id, platform } = rules.broadcast;
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient"
    WHERE "broadcastId" = ${id}::uuid AND part = 'excluded' AND reason = ANY(${beforehand}::text[])`;
  // Their indexes give both in order: to hash a million keys takes longer.
  await tx.$executeRaw`SELECT set_config('enable_hashagg', 'off', true)`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_shared ON COMMIT DROP AS
    SELECT "unionKey" AS key, NULL::uuid AS "customerId" FROM "Contact"
    WHERE "unionKey" IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    UNION ALL
    SELECT NULL, "customerId" FROM "Binding" GROUP BY 2 HAVING count(*) > 1`;
  await tx.$executeRaw`SELECT set_config('enable_hashagg', 'on', true)`;
  await tx.$executeRaw`ANALYZE plan_shared`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_tie ON COMMIT DROP AS
    SELECT id, tie FROM (
      SELECT tie.id, tie.tie, count(*) OVER (PARTITION BY tie.tie) AS size FROM (
        SELECT c.id, 'u' || s.key AS tie FROM plan_shared s JOIN "Contact" c ON c."unionKey" = s.key
        WHERE c.platform = ${platform} OR c."optedOutAt" IS NOT NULL
        UNION ALL
        SELECT b."contactId", 'c' || s."customerId" FROM plan_shared s JOIN "Binding" b USING ("customerId")
        JOIN "Customer" k ON k.id = s."customerId" AND k.kind = 'person'
      ) AS tie
      WHERE tie.id IN (SELECT unnest("contactIds") FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid)
        OR EXISTS (SELECT FROM "Contact" o WHERE o.id = tie.id AND o."optedOutAt" IS NOT NULL)
    ) AS tied WHERE size > 1`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_who ON COMMIT DROP AS
    SELECT c.id, c."optedOutAt" IS NOT NULL AS out FROM "Contact" c WHERE c.id IN (SELECT id FROM plan_tie)`;
  await tx.$executeRaw`ANALYZE plan_who`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_person ON COMMIT DROP AS
    WITH ${sendersOf(rules, 'all')}
    SELECT *, place AS person FROM (
      SELECT w.id, w.out, able.id IS NOT NULL AS able,
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
    CREATE TEMP TABLE plan_other ON COMMIT DROP AS
    SELECT id, CASE WHEN left_alone THEN 'person_opted_out' ELSE 'duplicate_person' END AS reason FROM (
      SELECT id, out, able AND person < place AS twice, bool_or(out) OVER (PARTITION BY person) AS left_alone FROM plan_person
    ) AS whoever WHERE NOT out AND (twice OR left_alone)`;
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient" WHERE "broadcastId" = ${id}::uuid AND "contactId" IN (SELECT id FROM plan_other)`;
  await tx.$executeRaw`
    INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, reason)
    SELECT ${id}::uuid, id, 'excluded', reason FROM plan_other
    WHERE id IN (SELECT unnest("contactIds") FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid)`;
  await tx.$executeRaw`DROP TABLE plan_shared, plan_tie, plan_who, plan_person, plan_other`;
}

/**
 * For everybody in plan_who: `follow`, their connections; `standing`, how many could send, and one of them; `sender`, who
 * does where several could. What chats and owners say is asked for only there, unless `of` is all.
 */
function sendersOf({ broadcast: { platform, audience } }: PlanRules, of: Reach | 'all'): Sql {
  const isChosen = audience.memberIds === null ? sql`TRUE` : sql`f."memberId" = ANY(${audience.memberIds}::uuid[])`;
  const needed = of === 'all' ? sql`senders > 0` : sql`senders > 1`;
  const isNear = of === 'all' ? sql`TRUE` : within(of, sql`f."contactId"`);
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
      WHERE ${isNear}
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
      SELECT DISTINCT ON (id) id, "memberId", "lastMessageAt", owns, "addedAt" FROM (
        SELECT f.id, f."memberId", f."addedAt",
          (SELECT max(v."lastMessageAt") FROM "Conversation" v
            WHERE v."contactId" = f.id AND v."memberId" = f."memberId") AS "lastMessageAt",
          (SELECT count(*) FROM "Binding" b JOIN "Customer" k ON k.id = b."customerId"
            WHERE b."contactId" = f.id AND k."ownerId" = f."memberId") > 0 AS owns
        FROM standing JOIN follow f USING (id)
        WHERE f.ready AND ${needed}
      ) AS candidate
      ORDER BY id, ${senderOrder(audience.senderRule, sql`candidate`)}, "memberId"
    )`;
}

/** Between which contacts a chunk lies: without it each chunk would read tables from end to end. */
interface Reach {
  after: string | null;
  until: string;
}

const within = ({ after, until }: Reach, contactId: Sql): Sql =>
  after === null
    ? sql`${contactId} <= ${until}::uuid`
    : sql`${contactId} > ${after}::uuid AND ${contactId} <= ${until}::uuid`;

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

const place = (reason: ExclusionReason): number => exclusionReasons.indexOf(reason);

/**
 * Other broadcasts of these days whose calls have not all left. Whoever is held out of one is left alone as those are who
 * are to be sent it: else their group would be the one that gets this broadcast instead.
 */
async function listHolding(tx: Db, { broadcast: { id }, span }: PlanRules): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Broadcast" WHERE state IN ('freezing', 'awaiting_approval', 'scheduled', 'sending')
      AND id <> ${id}::uuid AND "fromDay" - DATE '1970-01-01' <= ${span.untilDay}::int
      AND "untilDay" - DATE '1970-01-01' >= ${span.fromDay}::int`;
  return rows.map((row) => row.id);
}

/** Who gets it, by whom, in which call; who does not, and why. */
function linesOf(rules: PlanRules, reach: Reach, holding: readonly string[]): Sql {
  const { broadcast, contactsMax, isQuiet } = rules;
  const { id, audience } = broadcast;
  const quiet = isQuiet ? sql`${place('quiet_hours')}::int` : sql`NULL::int`;
  return sql`
    WITH ${sendersOf(rules, reach)},
    ${fullOf(rules, reach, holding)},
    before AS (
      SELECT "memberId", variant, sum("contactCount") AS count FROM "BroadcastDelivery"
      WHERE "broadcastId" = ${id}::uuid GROUP BY "memberId", variant
    ),
    known AS MATERIALIZED (
      SELECT w.id, CASE WHEN standing.senders = 1 THEN standing.sole ELSE sender."memberId" END AS "memberId",
        CASE
          WHEN w.out THEN ${place('opted_out')}::int
          WHEN standing.removed THEN ${place('removed_us')}::int
          WHEN standing.chosen IS NOT TRUE THEN ${place('no_sender')}::int
          WHEN standing.senders = 0 THEN ${place('sender_unready')}::int
          ELSE coalesce(taken.place, ${quiet}) END AS place,
        ('x' || left(md5(${id}::text || w.id::text), 16))::bit(64)::bigint AS dice
      FROM plan_who w LEFT JOIN standing ON standing.id = w.id LEFT JOIN sender ON sender.id = w.id
      LEFT JOIN taken ON taken.id = w.id
    ),
    part AS (
      SELECT id, "memberId", place, part, CASE WHEN part = 'target' THEN ${variantOf(rules)} END AS variant FROM (
        SELECT *, CASE WHEN place IS NOT NULL THEN 'excluded'
          WHEN ((dice >> 32) & 2147483647) % 100 < ${audience.holdOutPercent}::int THEN 'hold_out'
          ELSE 'target' END AS part
        FROM known
      ) AS parted
    ),
    batched AS MATERIALIZED (
      SELECT part.id, part.part, part.place, "memberId", variant, CASE WHEN part = 'target' THEN (coalesce(before.count, 0) - 1
        + row_number() OVER (PARTITION BY "memberId", variant COLLATE "C" ORDER BY id)
        )::int / ${contactsMax}::int END AS batch
      FROM part LEFT JOIN before USING ("memberId", variant)
    )
    SELECT id, part, (${[...exclusionReasons]}::text[])[place + 1] AS reason, "memberId", variant, batch, "deliveryId"
    FROM batched LEFT JOIN (
      SELECT "memberId", variant, batch, md5(concat_ws(':', ${id}::text, "memberId", variant, batch))::uuid AS "deliveryId"
      FROM batched WHERE batch IS NOT NULL GROUP BY "memberId", variant, batch
    ) AS cut USING ("memberId", variant, batch)`;
}

function variantOf({ variants }: PlanRules): Sql {
  const roll = sql`(dice & 2147483647) % 100`;
  const last = variants.at(-1)?.key ?? 'A';
  if (variants.length < 2) return sql`${last}::text`;
  return sql`CASE ${join(
    variants.slice(0, -1).map(({ key, upTo }) => sql`WHEN ${roll} < ${upTo}::int THEN ${key}::text`),
    ' ',
  )} ELSE ${last}::text END`;
}

/**
 * `taken`: contacts another broadcast would be too much for, and the first reason, as caps.ts, mayTouch says it of one
 * contact; and who is held out of one that is `holding` them.
 */
function fullOf({ broadcast: { id }, span, caps }: PlanRules, reach: Reach, holding: readonly string[]): Sql {
  const held =
    holding.length === 0
      ? empty
      : sql`
        UNION ALL
        SELECT r."contactId", ${place('overlapping')}::int FROM "BroadcastRecipient" r
        WHERE r."broadcastId" = ANY(${[...holding]}::uuid[]) AND r.part = 'hold_out' AND ${within(reach, sql`r."contactId"`)}`;
  const horizon = horizonOf(span, caps);
  const windows = windowsOver(span, caps).map(({ reason, ...window }) => ({ place: place(reason), ...window }));
  const rolling = rollingOf(caps).map(({ reason, ...window }) => ({ place: place(reason), ...window }));
  return sql`
    near AS MATERIALIZED (
      SELECT w.id, t."fromDay" - DATE '1970-01-01' AS "fromDay", t."untilDay" - DATE '1970-01-01' AS "untilDay", t.state
      FROM plan_who w JOIN "ContactTouch" t ON t."contactId" = w.id
      WHERE t."broadcastId" <> ${id}::uuid AND ${within(reach, sql`t."contactId"`)}
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
        ${held}
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
  await prepare(tx);
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
