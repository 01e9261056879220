import type pg from 'pg';
import { inTransaction } from '#server/base/transaction.ts';
import { LexiconWriter, openFeatures, width, type FeatureBlock, type Lexicon } from './feature-block.ts';
import {
  accountWords,
  features,
  gradeWords,
  kindWords,
  MESSAGE_DAYS,
  roleWords,
  SIGNAL_DAYS,
  stageWords,
  type FeatureKey,
} from './features.ts';

/** Either contacts by name, or all whose ids lie after `after` up to and with `upTo`. */
export type Whom = { ids: readonly string[] } | { after: string; upTo: string };

export interface FeatureOptions {
  /** The words a model knows; without it every word is taken up. */
  lexicon?: Lexicon | undefined;
  /** Takes up words over several readings, so that their numbers mean the same. */
  writer?: LexiconWriter;
  /** What happened since `at` is put aside also where it takes a look at histories; not needed when `at` is now. */
  isPast?: boolean;
  /** As if every one of them were of another gender, or their customers of another region: for measuring that nothing moves. */
  swapped?: 'gender' | 'region' | undefined;
}

/**
 * PostgreSQL takes a range of ids for one row, and would then look through everything once for each contact of the block.
 * So blocks are joined by hashes; what is looked up by a key inside a block says so itself (LATERAL … OFFSET 0).
 * Compiling so large a statement takes longer than running it.
 */
const plainPlans = `SET LOCAL enable_nestloop = off; SET LOCAL enable_seqscan = off;
  SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off`;

/** The contact's id and its numbers as PostgreSQL sends an array, in one; then the open words. */
type FeatureRow = [Buffer, ...(string | null)[]];

/**
 * What contacts were known by at `at`, in one statement; contacts that are gone are left out. All numbers of a row come
 * as one value: as columns of their own they would cost more to read than to compute.
 */
export async function readFeatures(
  pool: pg.Pool,
  at: Date,
  whom: Whom,
  options: FeatureOptions = {},
): Promise<FeatureBlock> {
  const values = 'ids' in whom ? [at, whom.ids] : [at, whom.after, whom.upTo];
  const by = 'ids' in whom ? 'ids' : 'range';
  const { isPast = false, swapped } = options;
  const rows = await inTransaction(pool, async (client) => {
    await client.query(plainPlans);
    // By name, so that it is planned a few times and not for each of a thousand days.
    const name = ['features', by, isPast, swapped].join(' ');
    const found = await client.query<FeatureRow>({
      name,
      text: statementFor(by, isPast, swapped),
      values,
      rowMode: 'array',
    });
    return found.rows;
  });
  return blockOf(rows, options.writer ?? new LexiconWriter(options.lexicon ?? null));
}

function blockOf(rows: FeatureRow[], writer: LexiconWriter): FeatureBlock {
  const ids = Buffer.alloc(16 * rows.length);
  const values = new Float32Array(width * rows.length).fill(Number.NaN);
  for (const [row, [numbers, ...words]] of rows.entries()) {
    numbers.copy(ids, 16 * row, 0, 16);
    readArray(numbers, values, row * width);
    for (const [n, word] of words.entries()) {
      const key = openFeatures[n]?.key;
      if (key && word) values[row * width + (openPlaces[n] ?? 0)] = writer.placeOf(key, word);
    }
  }
  return { rows: rows.length, ids, values, lexicon: writer.lexicon() };
}

/** Behind the id a float4[]: a head of 20 bytes, then each number with its length before it, -1 for null. */
function readArray(array: Buffer, values: Float32Array, start: number): void {
  let at = 36;
  for (const place of numberPlaces) {
    const length = array.readInt32BE(at);
    at += 4;
    if (length === 4) values[start + place] = array.readFloatBE(at);
    at += Math.max(0, length);
  }
}

const openPlaces = openFeatures.map((feature) => features.indexOf(feature));
const numberPlaces = features.flatMap(({ kind }, place) => (kind === 'open' ? [] : [place]));

const statements = new Map<string, string>();

function statementFor(by: 'ids' | 'range', isPast: boolean, swapped: FeatureOptions['swapped']): string {
  const name = [by, isPast, swapped].join(' ');
  const known = statements.get(name) ?? statement(by, isPast, swapped);
  statements.set(name, known);
  return known;
}

/** The place of a word in a list; null for what is not in it. */
const placeIn = (words: readonly string[], column: string) =>
  `array_position(ARRAY[${words.map((word) => `'${word}'`).join(', ')}], ${column}) - 1`;
const daysSince = (time: string) => `floor(extract(epoch FROM $1::timestamptz - ${time}) / 86400)`;
const within = (time: string, days: number) => `${time} > $1::timestamptz - interval '${days} days'`;
const companyClock = (time: string) => `(extract(epoch FROM ${time}) + 28800)`;

function statement(by: 'ids' | 'range', isPast: boolean, swapped: FeatureOptions['swapped']): string {
  const among = (column: string) =>
    by === 'ids' ? `${column} = ANY($2::uuid[])` : `${column} > $2::uuid AND ${column} <= $3::uuid`;
  /** A column as it was at $1, where its history says so: the first change after that knows what was before. */
  const then = (table: string, key: string, of: string, column: string, field: string) => {
    if (!isPast) return `${of}.${column}`;
    const change = `FROM "${table}" x WHERE x."${key}" = ${of}.id AND x.field = '${field}' AND x.at > $1::timestamptz`;
    return `CASE WHEN EXISTS (SELECT 1 ${change}) THEN (SELECT x.before #>> '{}' ${change} ORDER BY x.id LIMIT 1) ELSE ${of}.${column} END`;
  };
  const customerThen = (column: string, field: string) => then('CustomerChange', 'customerId', 'u', column, field);
  const role = isPast
    ? `coalesce((SELECT x."previousRole" FROM "BindingChange" x WHERE x."contactId" = b."contactId" AND x."customerId" = b."customerId"
         AND x.action = 'role_changed' AND x.at > $1::timestamptz ORDER BY x.id LIMIT 1), b.role)`
    : 'b.role';
  const stage = then('OpportunityChange', 'opportunityId', 's', 'stage', 'stage');
  const open = stageWords.map((each) => `'${each}'`).join(', ');
  // Only sales that stand where they ended count as ended, and since when they do.
  const won = `s.stage = 'won' AND s."stageAt" <= $1::timestamptz`;
  const yearWon = `${won} AND ${within('s."stageAt"', 365)}`;
  const net = `s."amountFen" - floor(s."amountFen" * s."discountBp" / 10000.0 + 0.5)`;

  const numbers: Partial<Record<FeatureKey, string>> = {
    company: `CASE WHEN who."corpName" <> '' THEN 1 ELSE 0 END`,
    position: `CASE WHEN who.position <> '' THEN 1 ELSE 0 END`,
    account: placeIn(accountWords, 'who.type'),
    bound: 'CASE WHEN b.id IS NULL THEN 0 ELSE 1 END',
    role: 'b.role',
    grade: 'b.grade',
    customerKind: 'b.kind',
    industry: 'b.section',
    customerDays: daysSince('b.since'),
    addedDays: daysSince('f.added'),
    colleagues: 'coalesce(f.colleagues, 0)',
    removed: 'coalesce(f.removed, 0)',
    tags: 'coalesce(t.tags, 0)',
    theirs7: 'coalesce(m.theirs7, 0)',
    theirs30: 'coalesce(m.theirs30, 0)',
    ours7: 'coalesce(m.ours7, 0)',
    ours30: 'coalesce(m.ours30, 0)',
    silentDays: daysSince('m.theirs'),
    ourSilentDays: daysSince('m.ours'),
    activeDays30: 'coalesce(m.days, 0)',
    replyMinutes: 'm.reply',
    unansweredDays: `CASE WHEN m.theirs > coalesce(m.ours, '-infinity') THEN ${daysSince('m.theirs')} ELSE 0 END`,
    nightShare: 'm.night / nullif(m.theirs30, 0)::real',
    broadcasts: 'coalesce(r.received, 0)',
    broadcastReplies: 'coalesce(r.replied, 0)',
    openStage: 'o.stage',
    lostSales: 'coalesce(o.lost, 0)',
    recency: daysSince('o.won'),
    frequency: 'coalesce(o.times, 0)',
    monetary: 'coalesce(o.yuan, 0)',
    weekday: `mod(floor(${companyClock('$1::timestamptz')} / 86400)::int + 3, 7)`,
    month: `extract(month FROM $1::timestamptz AT TIME ZONE 'Asia/Shanghai') - 1`,
  };
  // The points of a model know no bound for what is merely claimed: it counts from the second day it is said.
  const isProven = `bool_or(g.manner = 'plain') OR count(DISTINCT floor(${companyClock('g.at')} / 86400)) > 1`;
  const signals = features.flatMap(({ key }) => (key.startsWith('signal.') ? [key.slice('signal.'.length)] : []));
  const chosen = features.flatMap(({ key, kind }) => {
    if (kind === 'open') return [];
    return [key.startsWith('signal.') ? `coalesce(g.${key.slice('signal.'.length)}, 0)` : (numbers[key] ?? 'NULL')];
  });

  // A name in its own definition is the table; after it, what is defined here.
  const shadows = {
    gender: `"Contact" AS MATERIALIZED (
      SELECT (jsonb_populate_record(c, jsonb_build_object('gender', 2 - c.gender))).* FROM "Contact" c WHERE ${among('c.id')}), `,
    region: `"Customer" AS MATERIALIZED (
      SELECT (jsonb_populate_record(u, jsonb_build_object('regionCode', CASE WHEN u."regionCode" = '540102' THEN '310115' ELSE '540102' END))).*
      FROM "Customer" u WHERE EXISTS (SELECT 1 FROM "Binding" b WHERE b."customerId" = u.id AND ${among('b."contactId"')})), `,
  };

  return `WITH ${swapped ? shadows[swapped] : ''}
    who AS MATERIALIZED (SELECT * FROM "Contact" c WHERE ${among('c.id')}),
    f AS (
      SELECT f."contactId" AS id, min(f."addedAt") AS added,
        count(*) FILTER (WHERE f.state IN ('active', 'pending') OR f."changedAt" > $1::timestamptz) AS colleagues,
        max(CASE WHEN f.state = 'removed_by_contact' AND f."changedAt" <= $1::timestamptz THEN 1 ELSE 0 END) AS removed,
        (array_agg(f."addWay" ORDER BY f."addedAt", f.id))[1] AS way,
        (array_agg(f.channel ORDER BY f."addedAt", f.id) FILTER (WHERE f.channel IS NOT NULL AND coalesce(f."channelAt", f."addedAt") <= $1::timestamptz))[1] AS channel
      FROM "Follow" f WHERE ${among('f."contactId"')} AND coalesce(f."addedAt", f."changedAt") <= $1::timestamptz
      GROUP BY f."contactId"),
    t AS (
      SELECT f."contactId" AS id, sum(t.tags) AS tags
      FROM "Follow" f CROSS JOIN LATERAL (
        SELECT count(*) AS tags FROM "FollowTag" t WHERE t."followId" = f.id AND t.at <= $1::timestamptz) t
      WHERE ${among('f."contactId"')} GROUP BY f."contactId"),
    b AS (
      SELECT b."contactId" AS id, min(${placeIn(roleWords, role)}) AS role,
        min(${placeIn(gradeWords, customerThen('grade', 'grade'))}) AS grade,
        min(${placeIn(kindWords, 'u.kind')}) AS kind,
        min(ascii(${customerThen('"industryCode"', 'industryCode')}) - 65) AS section,
        min(${customerThen('source', 'source')}) AS source, min(u."createdAt") AS since
      FROM "Binding" b CROSS JOIN LATERAL (SELECT * FROM "Customer" u WHERE u.id = b."customerId" OFFSET 0) u
      WHERE ${among('b."contactId"')} AND b."madeAt" <= $1::timestamptz GROUP BY b."contactId"),
    o AS (
      SELECT b."contactId" AS id, max(s."stageAt") FILTER (WHERE ${won}) AS won,
        count(*) FILTER (WHERE ${yearWon}) AS times, sum(${net}) FILTER (WHERE ${yearWon}) / 100 AS yuan,
        count(*) FILTER (WHERE s.stage = 'lost' AND s."stageAt" <= $1::timestamptz) AS lost,
        min(${placeIn(stageWords, `(${stage})`)}) FILTER (WHERE ${stage} IN (${open})) AS stage
      FROM "Binding" b CROSS JOIN LATERAL (
        SELECT * FROM "Opportunity" s WHERE s."customerId" = b."customerId" AND s."createdAt" <= $1::timestamptz OFFSET 0) s
      WHERE ${among('b."contactId"')} AND b."madeAt" <= $1::timestamptz
      GROUP BY b."contactId"),
    m AS (
      SELECT id, max(at) FILTER (WHERE sender = 'contact') AS theirs, max(at) FILTER (WHERE sender = 'member') AS ours,
        count(*) FILTER (WHERE sender = 'contact' AND ${within('at', 7)}) AS theirs7,
        count(*) FILTER (WHERE sender = 'contact' AND ${within('at', 30)}) AS theirs30,
        count(*) FILTER (WHERE sender = 'member' AND ${within('at', 7)}) AS ours7,
        count(*) FILTER (WHERE sender = 'member' AND ${within('at', 30)}) AS ours30,
        count(DISTINCT floor(${companyClock('at')} / 86400)) FILTER (WHERE sender = 'contact' AND ${within('at', 30)}) AS days,
        count(*) FILTER (WHERE sender = 'contact' AND ${within('at', 30)}
          AND NOT mod(floor(${companyClock('at')} / 3600)::bigint, 24) BETWEEN 7 AND 21) AS night,
        floor(avg(extract(epoch FROM at - asked) / 60) FILTER (WHERE sender = 'member' AND asker = 'contact' AND ${within('at', 30)})) AS reply
      FROM (
        SELECT v."contactId" AS id, m.*
        FROM "Conversation" v CROSS JOIN LATERAL (
          SELECT m.sender, m.at, lag(m.sender) OVER before AS asker, lag(m.at) OVER before AS asked FROM "Message" m
          WHERE m."conversationId" = v.id AND ${within('m.at', MESSAGE_DAYS)} AND m.at <= $1::timestamptz AND m."recalledAt" IS NULL
          WINDOW before AS (ORDER BY m.at, m.id)) m
        WHERE ${among('v."contactId"')} AND ${within('v."lastMessageAt"', MESSAGE_DAYS)}) AS said
      GROUP BY id),
    g AS (
      SELECT g."contactId" AS id, ${signals.map((kind) => `max(g.count) FILTER (WHERE g.kind = '${kind}') AS ${kind}`).join(', ')}
      FROM (
        SELECT g."contactId", g.kind, CASE WHEN ${isProven} THEN count(*) ELSE 0 END AS count
        FROM "MessageSignal" g CROSS JOIN LATERAL (
          SELECT 1 FROM "Message" m WHERE m.id = g."messageId" AND m."recalledAt" IS NULL OFFSET 0) m
        WHERE ${among('g."contactId"')} AND g.manner <> 'dictated' AND ${within('g.at', SIGNAL_DAYS)} AND g.at <= $1::timestamptz
        GROUP BY g."contactId", g.kind) AS g
      GROUP BY g."contactId"),
    r AS (
      SELECT r."contactId" AS id, count(*) FILTER (WHERE ${within('r."deliveredAt"', MESSAGE_DAYS)}) AS received,
        count(*) FILTER (WHERE r."repliedAt" <= $1::timestamptz) AS replied
      FROM "BroadcastRecipient" r
      WHERE ${among('r."contactId"')} AND r.part = 'target' AND r."deliveredAt" <= $1::timestamptz GROUP BY r."contactId")
    SELECT uuid_send(who.id) || array_send(ARRAY[${chosen.map((each) => `(${each})::real`).join(', ')}]), f.way::text, f.channel, b.source
    FROM who LEFT JOIN f ON f.id = who.id LEFT JOIN t ON t.id = who.id LEFT JOIN b ON b.id = who.id
      LEFT JOIN o ON o.id = who.id LEFT JOIN m ON m.id = who.id LEFT JOIN g ON g.id = who.id LEFT JOIN r ON r.id = who.id`;
}

/** The id that ends the next block of `limit` contacts; null when none is left. */
export async function findBlockEnd(db: Pick<pg.Pool, 'query'>, after: string, limit: number): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM (SELECT id FROM "Contact" WHERE id > $1::uuid ORDER BY id LIMIT $2) AS next ORDER BY id DESC LIMIT 1`,
    [after, limit],
  );
  return rows[0]?.id ?? null;
}
