import type { Role } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { listSilentOfOwners } from './team-store.ts';
import { DIGEST_SHOWN, type Some } from './digest.ts';
import type { FollowUpSetting } from './team-api.ts';

export interface Reader {
  id: string;
  name: string;
  role: Role;
  locale: string;
}

/** Whoever works here and can be reached. */
export async function listReaders(db: Db): Promise<Reader[]> {
  const rows = await db.member.findMany({
    where: { status: 'active', identities: { some: { leftAt: null } } },
    select: { id: true, name: true, role: true, locale: true },
  });
  return rows.map((row) => ({ ...row, role: row.role as Role }));
}

export type DueKind = 'overdue' | 'today' | 'promise';

/** By member: what is late, due by tonight, or promised by then; the first titles of each, soonest first. */
export async function listDueByMember(
  db: Db,
  cipher: FieldCipher,
  { now, tonight }: { now: Date; tonight: Date },
): Promise<Map<string, Partial<Record<DueKind, Some>>>> {
  const rows = await db.$queryRaw<
    { memberId: string; kind: DueKind; title: string; who: string | null; total: number }[]
  >`
    SELECT due."memberId", due.kind, due.title, coalesce(contact.name, customer.name) AS who, due.total FROM (
      SELECT task.*, task."assigneeId" AS "memberId", kind.kind,
        (count(*) OVER (PARTITION BY task."assigneeId", kind.kind))::int AS total,
        row_number() OVER (PARTITION BY task."assigneeId", kind.kind ORDER BY task."dueAt", task.id) AS place
      FROM "Task" task CROSS JOIN LATERAL (SELECT CASE WHEN task.state = 'proposed' THEN 'promise'
        WHEN task."dueAt" < ${now}::timestamptz THEN 'overdue' ELSE 'today' END AS kind) kind
      WHERE task.state IN ('open', 'proposed') AND task."dueAt" <= ${tonight}::timestamptz) due
    LEFT JOIN "Contact" contact ON contact.id = due."contactId" LEFT JOIN "Customer" customer ON customer.id = due."customerId"
    WHERE due.place <= ${DIGEST_SHOWN} ORDER BY due."memberId", due.kind, due.place`;
  const byMember = new Map<string, Partial<Record<DueKind, Some>>>();
  for (const { memberId, kind, title, who, total } of rows) {
    const kinds = byMember.get(memberId) ?? {};
    const some = kinds[kind] ?? { total, names: [] };
    some.names.push(who ? `${cipher.decrypt(title)}（${who}）` : cipher.decrypt(title));
    byMember.set(memberId, { ...kinds, [kind]: some });
  }
  return byMember;
}

export async function listSilentByOwner(
  db: Db,
  days: FollowUpSetting['silentDays'],
  now: Date,
): Promise<Map<string, Some>> {
  const byOwner = new Map<string, Some>();
  for (const { ownerId, name, total } of await listSilentOfOwners(db, days, now, DIGEST_SHOWN)) {
    const some = byOwner.get(ownerId) ?? { total, names: [] };
    some.names.push(name);
    byOwner.set(ownerId, some);
  }
  return byOwner;
}

/** Overdue tasks by member. */
export async function countOverdueByMember(db: Db, now: Date): Promise<Map<string, number>> {
  const rows = await db.task.groupBy({
    by: ['assigneeId'],
    where: { state: 'open', dueAt: { lt: now } },
    _count: { _all: true },
  });
  return new Map(rows.map(({ assigneeId, _count }) => [assigneeId, _count._all]));
}

/** Approvals that wait for a member, by member. */
export async function countSeatsByMember(db: Db): Promise<Map<string, number>> {
  const rows = await db.approvalSeat.groupBy({
    by: ['memberId'],
    where: { state: 'open', approval: { state: 'pending' } },
    _count: { _all: true },
  });
  return new Map(rows.map(({ memberId, _count }) => [memberId, _count._all]));
}

/** Whoever holds it writes the digests of the day; nobody else does. */
export async function lockDigests(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('digests', 0))`;
}
