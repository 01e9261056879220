import type { Db } from '#server/base/database.ts';
import type { DepartmentProfile, MemberProfile } from '#server/platform/member.ts';
import type { PlatformKey } from '#server/platform/key.ts';

/** In order of their keys. */
export async function listDepartmentKeysAfter(
  db: Db,
  platform: string,
  after: PlatformKey,
  limit: number,
): Promise<PlatformKey[]> {
  const rows = await db.department.findMany({
    where: { platform, key: { gt: after } },
    orderBy: { key: 'asc' },
    take: limit,
    select: { key: true },
  });
  return rows.map(({ key }) => key);
}

/** Makes the stored departments those of `profiles`; answers how many were added, changed or removed. */
export async function saveDepartments(db: Db, platform: string, profiles: DepartmentProfile[]): Promise<number> {
  const rows = await db.department.findMany({ where: { platform } });
  const known = new Map(rows.map((row) => [row.key, row]));
  const shown = new Set(profiles.map(({ key }) => key));
  let changed = 0;
  for (const { key, name, parentKey, order } of profiles) {
    const row = known.get(key);
    const isSame = row && row.name === name && row.parentKey === parentKey && row.order === BigInt(order);
    if (isSame) continue;
    const data = { name, parentKey, order: BigInt(order) };
    await db.department.upsert({
      where: { platform_key: { platform, key } },
      create: { platform, key, ...data },
      update: data,
    });
    changed += 1;
  }
  const gone = rows.filter(({ key }) => !shown.has(key));
  await db.department.deleteMany({ where: { id: { in: gone.map(({ id }) => id) } } });
  return changed + gone.length;
}

/** Makes the members' departments those given, as far as they are known; answers whose that changed. */
export async function saveMembersDepartments(
  db: Db,
  platform: string,
  members: { id: string; departments: MemberProfile['departments'] }[],
): Promise<Set<string>> {
  const known = new Map((await db.department.findMany({ where: { platform } })).map(({ id, key }) => [key, id]));
  const wanted = members.flatMap(({ id: memberId, departments }) =>
    departments.flatMap(({ key, isLeader }) => {
      const departmentId = known.get(key);
      return departmentId ? [{ memberId, departmentId, isLeader }] : [];
    }),
  );
  const before = await db.departmentMember.findMany({
    where: { memberId: { in: members.map(({ id }) => id) }, department: { platform } },
  });
  const [wantedPlaces, placesBefore] = [new Set(wanted.map(placeOf)), new Set(before.map(placeOf))];
  const gone = before.filter((row) => !wantedPlaces.has(placeOf(row)));
  const fresh = wanted.filter((row) => !placesBefore.has(placeOf(row)));
  await db.$executeRaw`
    DELETE FROM "DepartmentMember" place
    USING jsonb_to_recordset(${JSON.stringify(gone)}::jsonb) AS gone ("memberId" uuid, "departmentId" uuid)
    WHERE place."memberId" = gone."memberId" AND place."departmentId" = gone."departmentId"`;
  await db.departmentMember.createMany({ data: fresh, skipDuplicates: true });
  return new Set([...gone, ...fresh].map(({ memberId }) => memberId));
}

/** One who becomes leader where they already are, is in another place. */
function placeOf(row: { memberId: string; departmentId: string; isLeader: boolean }): string {
  return `${row.memberId} ${row.departmentId} ${row.isLeader}`;
}
