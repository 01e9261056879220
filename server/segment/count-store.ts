import type pg from 'pg';
import { DatabaseError } from 'pg';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { followedStates } from '#server/contact/follow.ts';
import { compileSegment, segmentFlags, segmentWhere, segmentWheres } from './compile-segment.ts';
import type { SegmentRule } from './segment-api.ts';
import { tooSlow } from './segment.ts';

const COUNT_MS_MAX = 20_000;

/**
 * How the statements of segments are planned and how long they may take; for the transaction. Among 1,000,000 contacts:
 * with less memory PostgreSQL answers what lies inside `any` contact by contact, ten times as slow; and reads a table
 * whole where an index would do, because it takes what lies in memory to be on a disk.
 */
const segmentPlanning = (timeoutMs: number): string =>
  `SET LOCAL work_mem = '64MB'; SET LOCAL random_page_cost = 1.1; SET LOCAL jit = off; SET LOCAL statement_timeout = ${Math.round(timeoutMs)}`;

/** The same for whoever holds a transaction. */
export async function planSegment(tx: Db, timeoutMs: number): Promise<void> {
  for (const setting of segmentPlanning(timeoutMs).split('; ')) await tx.$executeRawUnsafe(setting);
}

/** In a transaction of its own that changes nothing. Throws `segment.too_slow`. */
export async function askReadOnly<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: unknown[],
  timeoutMs = COUNT_MS_MAX,
): Promise<Row[]> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN READ ONLY; ${segmentPlanning(timeoutMs)}`);
    const { rows } = await client.query<Row>(text, values);
    return rows;
  } catch (error) {
    const QUERY_CANCELED = '57014';
    if (error instanceof DatabaseError && error.code === QUERY_CANCELED) throw tooSlow();
    throw error;
  } finally {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (error: Error) => client.release(error),
    );
  }
}

/** How many contacts a rule takes in. Raw SQL, as everything here: a rule is no question Prisma can ask. */
export async function countContacts(pool: pg.Pool, rule: SegmentRule, now: Date, timeoutMs?: number): Promise<number> {
  const { sql, values } = segmentWhere(rule, { now });
  const text = `SELECT count(*)::int AS count FROM "Contact" c WHERE ${sql}`;
  const [row] = await askReadOnly<{ count: number }>(pool, text, values, timeoutMs);
  return row?.count ?? 0;
}

export interface Waterfall {
  total: number;
  parts: { alone: number; left: number }[];
}

/**
 * How many there are, how many each part takes in, and how many are left when it applies after those before it: one
 * statement that reads every contact once.
 */
export async function countWaterfall(
  pool: pg.Pool,
  parts: readonly SegmentRule[],
  now: Date,
  timeoutMs?: number,
): Promise<Waterfall> {
  const { flags, joins, values } = segmentFlags(parts, { alias: 'c', now });
  const columns = flags.map((flag, at) => {
    const upToHere = flags.slice(0, at + 1).join(' AND ');
    return `, (count(*) FILTER (WHERE ${flag}))::int AS "alone${at}", (count(*) FILTER (WHERE ${upToHere}))::int AS "left${at}"`;
  });
  const text = `SELECT count(*)::int AS total${columns.join('')} FROM "Contact" c${joins}`;
  const [row = {}] = await askReadOnly<Record<string, number>>(pool, text, values, timeoutMs);
  return {
    total: row['total'] ?? 0,
    parts: parts.map((_, at) => ({ alone: row[`alone${at}`] ?? 0, left: row[`left${at}`] ?? 0 })),
  };
}

/** Some of the contacts a rule takes in, inside the scope. */
export async function listSampleIds(
  pool: pg.Pool,
  scope: Scope,
  rule: SegmentRule,
  { now, limit, timeoutMs }: { now: Date; limit: number; timeoutMs?: number },
): Promise<string[]> {
  const { text, values } = compileSegment(rule, { now });
  const inScope = scopeCondition(scope, 'c.id', values.length + 1);
  const rows = await askReadOnly<{ id: string }>(
    pool,
    `${text} AND ${inScope.sql} LIMIT ${limit}`,
    [...values, ...inScope.values],
    timeoutMs,
  );
  return rows.map(({ id }) => id);
}

/** Which contacts a scope shows, as contactsIn says it. */
export function scopeCondition(scope: Scope, id: string, firstParam: number): { sql: string; values: unknown[] } {
  if (scope.all) return { sql: 'TRUE', values: [] };
  return {
    sql: `EXISTS (SELECT 1 FROM "Follow" seen WHERE seen."contactId" = ${id}
      AND seen."memberId" = ANY($${firstParam}::uuid[]) AND seen.state = ANY($${firstParam + 1}::text[]))`,
    values: [scope.memberIds, followedStates],
  };
}

/** By contact: of each rule, whether it takes them in. */
export async function listHolding(
  pool: pg.Pool,
  ids: readonly string[],
  rules: readonly SegmentRule[],
  now: Date,
): Promise<Map<string, boolean[]>> {
  const { sql, values } = segmentWheres(rules, { now, firstParam: 2 });
  const text = `SELECT c.id, ARRAY[${sql.join(', ')}]::boolean[] AS holds FROM "Contact" c WHERE c.id = ANY($1::uuid[])`;
  const rows = await askReadOnly<{ id: string; holds: boolean[] }>(pool, text, [ids, ...values]);
  return new Map(rows.map(({ id, holds }) => [id, holds]));
}
