import type { Db } from '#server/base/database.ts';

export interface OverrideCounts {
  count: number;
  settled: number;
  repRight: number;
  scoreRight: number;
}

/**
 * How it came out where a rep showed another value: the sale of the contact that was decided first after it. Who was
 * nearer to 100 of a won sale, or to 0 of a lost one, was right.
 */
export async function countOverrides(db: Db): Promise<OverrideCounts> {
  const rows = await db.$queryRaw<OverrideCounts[]>`
    WITH shown AS (
      SELECT DISTINCT ON ("contactId", "overrideAt") "contactId", "overrideAt", value, override
      FROM "Score" WHERE override IS NOT NULL ORDER BY "contactId", "overrideAt", at, id),
    settled AS (
      SELECT s.value, s.override, (CASE WHEN o.stage = 'won' THEN 100 ELSE 0 END) AS came
      FROM shown s CROSS JOIN LATERAL (
        SELECT o.stage FROM "Opportunity" o
        WHERE o.stage IN ('won', 'lost') AND o."stageAt" > s."overrideAt"
          AND (o."contactId" = s."contactId" OR (o."contactId" IS NULL AND EXISTS (
            SELECT 1 FROM "Binding" b WHERE b."customerId" = o."customerId" AND b."contactId" = s."contactId")))
        ORDER BY o."stageAt", o.id LIMIT 1) o)
    SELECT (SELECT count(*) FROM shown)::int AS count, count(*)::int AS settled,
      (count(*) FILTER (WHERE abs(override - came) < abs(value - came)))::int AS "repRight",
      (count(*) FILTER (WHERE abs(override - came) > abs(value - came)))::int AS "scoreRight"
    FROM settled`;
  return rows[0] ?? { count: 0, settled: 0, repRight: 0, scoreRight: 0 };
}
