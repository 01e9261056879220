import type pg from 'pg';

/** Everyone in the member's departments and those below, the member included, members who left included. */
export async function listMemberIdsBelow(pool: pg.Pool, memberId: string): Promise<string[]> {
  // Recursive, so SQL: Prisma has no recursive query.
  const { rows } = await pool.query<{ memberId: string }>(
    `WITH RECURSIVE below AS (
       SELECT d.id, d.platform, d.key FROM "Department" d JOIN "DepartmentMember" dm ON dm."departmentId" = d.id WHERE dm."memberId" = $1
       UNION
       SELECT d.id, d.platform, d.key FROM "Department" d JOIN below b ON d.platform = b.platform AND d."parentKey" = b.key
     )
     SELECT DISTINCT dm."memberId" FROM "DepartmentMember" dm JOIN below b ON b.id = dm."departmentId"`,
    [memberId],
  );
  return [...new Set([memberId, ...rows.map((row) => row.memberId)])];
}
