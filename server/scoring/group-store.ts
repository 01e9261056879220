import type { Db } from '#server/base/database.ts';

/** What fairness is looked at by, and nothing is scored by. */
export async function listPeople(
  db: Db,
  contactIds: readonly string[],
): Promise<Map<string, { gender: number; regionCode: string | null }>> {
  const rows = await db.$queryRaw<{ id: string; gender: number; regionCode: string | null }[]>`
    SELECT c.id, c.gender, min(u."regionCode") AS "regionCode"
    FROM "Contact" c LEFT JOIN "Binding" b ON b."contactId" = c.id LEFT JOIN "Customer" u ON u.id = b."customerId"
    WHERE c.id = ANY(${contactIds}::uuid[]) GROUP BY c.id`;
  return new Map(rows.map(({ id, ...person }) => [id, person]));
}
