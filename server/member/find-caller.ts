import type { Caller, Role, Scope } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { hashSessionToken } from './session.ts';

/** Who holds this session, with the scope they have now; null when it ended or the member left. */
export async function findCaller(deps: Deps, token: string): Promise<Caller | null> {
  const session = await deps.db.session.findUnique({
    where: { tokenHash: hashSessionToken(token) },
    include: { member: true },
  });
  if (!session || session.expiresAt <= deps.now() || session.member.status !== 'active') return null;
  const { member } = session;
  const role = member.role as Role;
  return {
    memberId: member.id,
    name: member.name,
    role,
    platform: session.platform,
    scope: await scopeOf(deps, member.id, role),
  };
}

/** DESIGN §3: a rep sees the own customers, an admin all, everyone else the own departments' and those below. */
async function scopeOf(deps: Deps, memberId: string, role: Role): Promise<Scope> {
  switch (role) {
    case 'rep':
      return { all: false, memberIds: [memberId] };
    case 'admin':
      return { all: true };
    case 'manager':
    case 'director':
    case 'marketing':
      return { all: false, memberIds: await membersBelow(deps, memberId) };
  }
}

async function membersBelow(deps: Deps, memberId: string): Promise<string[]> {
  // Recursive, so SQL: Prisma has no recursive query.
  const { rows } = await deps.pool.query<{ memberId: string }>(
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
