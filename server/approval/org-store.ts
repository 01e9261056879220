import type { Role } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { makeOrg, type Org, type OrgMember } from './org.ts';

/** The company as it stands: everyone who could decide, and those in `about` with their departments. */
export async function readOrg(db: Db, about: readonly (string | null)[], now: Date): Promise<Org> {
  const delegates = await db.approvalDelegate.findMany({
    where: { fromAt: { lte: now }, untilAt: { gt: now } },
    orderBy: { id: 'asc' },
    select: { memberId: true, toMemberId: true },
  });
  const ids = [...about, ...delegates.map(({ toMemberId }) => toMemberId)].filter((id) => id !== null);
  return readOrgOf(
    db,
    {
      OR: [
        { id: { in: [...new Set(ids)] } },
        { status: 'active', role: { in: ['manager', 'director', 'marketing', 'admin'] satisfies Role[] } },
        { status: 'active', departments: { some: { isLeader: true } } },
      ],
    },
    delegates,
  );
}

/** Everyone who works here: what a policy is checked against. */
export async function readWholeOrg(db: Db): Promise<Org> {
  return readOrgOf(db, { status: 'active' }, []);
}

async function readOrgOf(
  db: Db,
  where: NonNullable<Parameters<Db['member']['findMany']>[0]>['where'],
  delegates: { memberId: string; toMemberId: string }[],
): Promise<Org> {
  const rows = await db.member.findMany({
    where: where ?? {},
    select: { id: true, name: true, role: true, status: true, departments: true },
    orderBy: { id: 'asc' },
  });
  const departments = await db.department.findMany({
    select: { id: true, platform: true, key: true, parentKey: true },
  });
  const byKey = new Map(departments.map(({ id, platform, key }) => [`${platform} ${key}`, id]));
  return makeOrg({
    members: rows.map(({ id, name, role, status }): OrgMember => ({
      id,
      name,
      role: role as Role,
      isActive: status === 'active',
    })),
    departments: departments.map(({ id, platform, parentKey }) => ({
      id,
      parentId: (parentKey !== null && byKey.get(`${platform} ${parentKey}`)) || null,
    })),
    places: rows.flatMap((row) => row.departments),
    delegates,
  });
}
