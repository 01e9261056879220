import type { Db } from '#server/base/database.ts';
import { LEAD_DAYS, OUTCOMES_MAX, SILENT_DAYS, type DecidedSale, type SilentContact } from './outcome.ts';

/** Decided sales with whom they are about, of those who were known early enough. */
const decided = `
  SELECT s.id, w.id AS "contactId", s."stageAt" AS "decidedAt", s.stage = 'won' AS won
  FROM "Opportunity" s
  CROSS JOIN LATERAL (
    SELECT s."contactId" AS id WHERE s."contactId" IS NOT NULL
    UNION ALL
    SELECT b."contactId" FROM "Binding" b WHERE b."customerId" = s."customerId" AND s."contactId" IS NULL) w
  WHERE s.stage IN ('won', 'lost') AND EXISTS (
    SELECT 1 FROM "Follow" f WHERE f."contactId" = w.id AND f."addedAt" <= s."stageAt" - interval '${LEAD_DAYS + 1} days')`;

/** Each once, however many contacts it is about; up to `most`, for those who ask whether there are so many. */
export async function countDecided(db: Db, most: number): Promise<number> {
  const rows = await db.$queryRawUnsafe<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM (SELECT DISTINCT id FROM (${decided}) AS d LIMIT $1) AS counted`,
    most,
  );
  return rows[0]?.count ?? 0;
}

/** The newest. */
export async function listDecided(db: Db): Promise<DecidedSale[]> {
  return db.$queryRawUnsafe<DecidedSale[]>(
    `SELECT "contactId", "decidedAt", won FROM (${decided}) AS d ORDER BY "decidedAt" DESC, "contactId" LIMIT $1`,
    OUTCOMES_MAX,
  );
}

/** Contacts known long enough with whom there never was a sale, in an order that says nothing of them. */
export async function listSilent(db: Db, now: Date, limit: number): Promise<SilentContact[]> {
  return db.$queryRawUnsafe<SilentContact[]>(
    `SELECT f."contactId", min(f."addedAt") AS "knownSince" FROM "Follow" f
     WHERE f."addedAt" <= $1::timestamptz - interval '${SILENT_DAYS} days'
       AND EXISTS (SELECT 1 FROM "Conversation" v WHERE v."contactId" = f."contactId" AND v."lastMessageAt" IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM "Opportunity" s WHERE s."contactId" = f."contactId")
       AND NOT EXISTS (SELECT 1 FROM "Binding" b JOIN "Opportunity" s ON s."customerId" = b."customerId" WHERE b."contactId" = f."contactId")
     GROUP BY f."contactId" ORDER BY hashtextextended(f."contactId"::text, 7) LIMIT $2`,
    now,
    limit,
  );
}
