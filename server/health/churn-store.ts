import type { Db } from '#server/base/database.ts';
import { LEAD_DAYS, OUTCOMES_MAX } from '#server/scoring/outcome.ts';
import { KNOWN_MESSAGES } from './health.ts';

/** Since when a contact was a customer who could be lost: its sixth message, or the first sale. */
const knownAt = (contactId: string) => `least(
  (SELECT m.at FROM "Conversation" v JOIN "Message" m ON m."conversationId" = v.id
   WHERE v."contactId" = ${contactId} AND m.sender = 'contact' AND m."recalledAt" IS NULL
   ORDER BY m.at OFFSET ${KNOWN_MESSAGES - 1} LIMIT 1),
  (SELECT min(o."stageAt") FROM "Binding" b JOIN "Opportunity" o ON o."customerId" = b."customerId"
   WHERE b."contactId" = ${contactId} AND o.stage = 'won'))`;

/** Who deleted everybody here, and was a customer early enough before. */
const lost = `
  SELECT gone.* FROM (
    SELECT f."contactId", max(f."changedAt") AS "lostAt" FROM "Follow" f
    GROUP BY f."contactId" HAVING bool_and(f.state = 'removed_by_contact')
    ORDER BY 2 DESC LIMIT ${OUTCOMES_MAX}) AS gone
  WHERE ${knownAt('gone."contactId"')} <= gone."lostAt" - interval '${LEAD_DAYS + 1} days'`;

export async function countLost(db: Db, most: number): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM (${lost} LIMIT $1) AS counted`;
  const [row] = await db.$queryRawUnsafe<{ count: number }[]>(sql, most);
  return row?.count ?? 0;
}

export async function listLost(db: Db): Promise<{ contactId: string; lostAt: Date }[]> {
  return db.$queryRawUnsafe(lost);
}

/** Customers who are still here, in an order that says nothing of them. */
export async function listKept(db: Db, limit: number): Promise<{ contactId: string; knownSince: Date }[]> {
  return db.$queryRawUnsafe(
    `SELECT here."contactId", here."knownSince" FROM (
       SELECT f."contactId", ${knownAt('f."contactId"')} AS "knownSince"
       FROM (SELECT DISTINCT "contactId" FROM "Follow" WHERE state = 'active') AS f
       ORDER BY hashtextextended(f."contactId"::text, 7)) AS here
     WHERE here."knownSince" IS NOT NULL LIMIT $1`,
    limit,
  );
}
