import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { vectorBytes } from './feature-block.ts';
import { EVERYBODY } from './scoring-store.ts';

export interface ScoredBlock {
  /** 16 bytes each. */
  ids: Buffer;
  /** 0 to 100, a byte each. */
  values: Uint8Array;
  vectors: Buffer;
  at: Date;
  modelId: string;
  method: string;
}

/**
 * Keeps the scores of a block that say something new, in one statement and as plain bytes: as rows of parameters a
 * million would cost minutes. What a rep showed instead goes on. A score made later than `at` stays the newest. Answers
 * whose is new. Within a transaction.
 */
export async function insertScores(client: pg.PoolClient, block: ScoredBlock): Promise<string[]> {
  const count = block.values.length;
  if (count === 0) return [];
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [EVERYBODY]);
  const { rows } = await client.query<{ contactId: string }>(
    `INSERT INTO "Score" (id, "contactId", at, value, method, "modelId", vector, override, "overrideReason", "overrideBy", "overrideAt")
     SELECT g.id, g."contactId", $6::timestamptz, g.value, $7, $8::uuid, g.vector, l.override, l."overrideReason", l."overrideBy", l."overrideAt"
     FROM (
       SELECT encode(substring($2::bytea FROM 16 * i + 1 FOR 16), 'hex')::uuid AS id,
         encode(substring($3::bytea FROM 16 * i + 1 FOR 16), 'hex')::uuid AS "contactId",
         get_byte($4::bytea, i) AS value, substring($5::bytea FROM ${vectorBytes} * i + 1 FOR ${vectorBytes}) AS vector
       FROM generate_series(0, $1::int - 1) AS i) AS g
     LEFT JOIN LATERAL (
       SELECT * FROM "Score" s WHERE s."contactId" = g."contactId" ORDER BY s.at DESC, s.id DESC LIMIT 1) AS l ON TRUE
     WHERE l.id IS NULL OR (l.at <= $6::timestamptz AND (l.method <> $7 OR l.value <> g.value))
     RETURNING "contactId"`,
    [count, newIds(count), block.ids, Buffer.from(block.values), block.vectors, block.at, block.method, block.modelId],
  );
  return rows.map(({ contactId }) => contactId);
}

/** Ids that grow with time (UUID version 7), so that their index grows at its end. */
function newIds(count: number): Buffer {
  const ids = randomBytes(16 * count);
  const now = Date.now();
  for (let n = 0, at = 0; n < count; n++, at += 16) {
    ids.writeUIntBE(now, at, 6);
    ids.writeUInt16BE(0x7000 | (n & 0x0fff), at + 6);
    ids.writeUInt8(0x80 | (ids.readUInt8(at + 8) & 0x3f), at + 8);
  }
  return ids;
}

/**
 * Of contacts whose newest score was made by a model, the newest one by the table of points is put on top again. Answers
 * those who never had one. Within a transaction.
 */
export async function bringBackRules(
  client: pg.PoolClient,
  whom: { after: string; upTo: string; at: Date },
): Promise<string[]> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [EVERYBODY]);
  const { rows } = await client.query<{ contactId: string; known: boolean }>(
    `WITH newest AS (
       SELECT l.*, r.value AS "ruleValue", r.factors AS "ruleFactors", r.method AS "ruleMethod"
       FROM "Contact" c
       CROSS JOIN LATERAL (SELECT * FROM "Score" s WHERE s."contactId" = c.id ORDER BY s.at DESC, s.id DESC LIMIT 1) l
       LEFT JOIN LATERAL (
         SELECT * FROM "Score" s WHERE s."contactId" = c.id AND s."modelId" IS NULL ORDER BY s.at DESC, s.id DESC LIMIT 1) r ON TRUE
       WHERE c.id > $1::uuid AND c.id <= $2::uuid AND l."modelId" IS NOT NULL),
     back AS (
       INSERT INTO "Score" (id, "contactId", at, value, factors, method, override, "overrideReason", "overrideBy", "overrideAt")
       SELECT gen_random_uuid(), "contactId", greatest($3::timestamptz, at + interval '1 microsecond'), "ruleValue", "ruleFactors", "ruleMethod",
         override, "overrideReason", "overrideBy", "overrideAt"
       FROM newest WHERE "ruleMethod" IS NOT NULL)
     SELECT "contactId" FROM newest WHERE "ruleMethod" IS NULL`,
    [whom.after, whom.upTo, whom.at],
  );
  return rows.map(({ contactId }) => contactId);
}

/** Notes everybody of whom something was heard since; those whom time alone moves too, when `day` is a new one. */
export async function noteDue(client: pg.PoolClient, since: Date, now: Date, day: number | null): Promise<void> {
  await client.query(
    `INSERT INTO "ScoreDue" ("contactId")
     SELECT "contactId" FROM (
       SELECT "contactId" FROM "Conversation" WHERE "lastMessageAt" > $1
       UNION SELECT "contactId" FROM "Follow" WHERE "changedAt" > $1
       UNION SELECT "contactId" FROM "FollowTag" WHERE at > $1
       UNION SELECT "contactId" FROM "Binding" WHERE "madeAt" > $1
       UNION SELECT "contactId" FROM "BindingChange" WHERE at > $1
       UNION SELECT b."contactId" FROM "Customer" u JOIN "Binding" b ON b."customerId" = u.id WHERE u."updatedAt" > $1
       UNION SELECT b."contactId" FROM "Opportunity" s JOIN "Binding" b ON b."customerId" = s."customerId" WHERE s."updatedAt" > $1
       UNION SELECT "contactId" FROM "MessageSignal" WHERE at > $1
       UNION SELECT "contactId" FROM "BroadcastRecipient" WHERE greatest("deliveredAt", "repliedAt") > $1) AS news
     ON CONFLICT DO NOTHING`,
    [since],
  );
  if (day === null) return;
  // Counts of the last month change every day; what was said before that, slowly; the rest, hardly.
  await client.query(
    `INSERT INTO "ScoreDue" ("contactId")
     SELECT "contactId" FROM "Conversation"
       WHERE "lastMessageAt" > $1::timestamptz - interval '31 days'
         OR ("lastMessageAt" > $1::timestamptz - interval '91 days' AND mod(hashtext("contactId"::text), 7) = mod($2::int, 7))
     UNION SELECT id FROM "Contact" WHERE mod(hashtext(id::text), 28) = mod($2::int, 28)
     ON CONFLICT DO NOTHING`,
    [now, day],
  );
}

export async function listDue(pool: pg.Pool, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ contactId: string }>(
    'SELECT "contactId" FROM "ScoreDue" ORDER BY "contactId" LIMIT $1',
    [limit],
  );
  return rows.map(({ contactId }) => contactId);
}

export async function countDue(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM "ScoreDue"');
  return rows[0]?.count ?? 0;
}

export async function clearDue(client: pg.PoolClient, contactIds: readonly string[]): Promise<void> {
  await client.query('DELETE FROM "ScoreDue" WHERE "contactId" = ANY($1::uuid[])', [contactIds]);
}

/** Everybody is to be scored anyway. */
export async function clearAllDue(client: pg.PoolClient): Promise<void> {
  await client.query('DELETE FROM "ScoreDue"');
}

/** The first contact of all comes after it. */
export const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface Progress {
  after?: string | null;
  done: number;
}

/** How far it is, with what was done: whoever goes on after a stop neither repeats nor leaves out anybody. */
export async function moveOn(client: pg.PoolClient, target: string, { after, done }: Progress): Promise<void> {
  await client.query(
    `UPDATE "ScoringWork" SET "rescoreDone" = "rescoreDone" + $2, "rescoreAfter" = CASE WHEN $3 THEN $4::uuid ELSE "rescoreAfter" END
     WHERE target = $1`,
    [target, done, after !== undefined, after ?? null],
  );
}

export async function countContacts(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM "Contact"');
  return rows[0]?.count ?? 0;
}
