import type pg from 'pg';
import { inTransaction } from '#server/base/transaction.ts';
import { CHANGE_MS, KEPT_MS } from './kept-score.ts';

/** Rows a statement: none holds its locks for long. */
const ROWS_MAX = 5000;

/**
 * Deletes the scores of a range of contacts that nothing shows any more. Of each contact stay the newest; all of the
 * last `KEPT_MS`; what stood a week before the oldest of those, or before the newest; the newest by the table of points,
 * which is shown again when the model is set aside; every one with a rep's own value; and what stood when a sale was
 * decided. A score written meanwhile only makes more of them old.
 */
export async function deleteOldScores(
  pool: pg.Pool,
  whom: { after: string; upTo: string },
  now: Date,
): Promise<number> {
  const ids = await listOld(pool, whom, new Date(now.getTime() - KEPT_MS));
  for (let from = 0; from < ids.length; from += ROWS_MAX)
    await pool.query('DELETE FROM "Score" WHERE id = ANY($1::uuid[])', [ids.slice(from, from + ROWS_MAX)]);
  return ids.length;
}

async function listOld(pool: pg.Pool, whom: { after: string; upTo: string }, keptFrom: Date): Promise<string[]> {
  return inTransaction(pool, async (client) => {
    // A range of ids is taken for one row: the sales would be gone through once for each score.
    await client.query(
      'SET LOCAL enable_nestloop = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off',
    );
    const { rows } = await client.query<{ id: string }>(
      `WITH score AS (
         SELECT id, "contactId", at, override,
           lead(at) OVER (PARTITION BY "contactId" ORDER BY at, id) AS until,
           max(at) OVER (PARTITION BY "contactId") AS newest,
           "modelId" IS NULL AND row_number() OVER (PARTITION BY "contactId", "modelId" IS NULL ORDER BY at DESC, id DESC) = 1 AS "isPoints"
         FROM "Score" WHERE "contactId" > $1::uuid AND "contactId" <= $2::uuid),
       decided AS (
         SELECT "contactId", "stageAt" FROM "Opportunity"
         WHERE stage IN ('won', 'lost') AND "contactId" > $1::uuid AND "contactId" <= $2::uuid
         UNION ALL
         SELECT b."contactId", o."stageAt" FROM "Binding" b JOIN "Opportunity" o ON o."customerId" = b."customerId"
         WHERE o.stage IN ('won', 'lost') AND o."contactId" IS NULL AND b."contactId" > $1::uuid AND b."contactId" <= $2::uuid)
       SELECT id FROM score s
       WHERE until <= least(newest, $3::timestamptz) - $4::float8 * interval '1 millisecond'
         AND override IS NULL AND NOT "isPoints"
         AND NOT EXISTS (
           SELECT 1 FROM decided d WHERE d."contactId" = s."contactId" AND d."stageAt" >= s.at AND d."stageAt" < s.until)`,
      [whom.after, whom.upTo, keptFrom, CHANGE_MS],
    );
    return rows.map(({ id }) => id);
  });
}
