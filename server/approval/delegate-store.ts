import type { Db } from '#server/base/database.ts';
import { Refusal } from '#server/base/refusal.ts';

export interface Delegate {
  id: string;
  memberId: string;
  toMemberId: string;
  fromAt: Date;
  untilAt: Date;
}

export async function insertDelegate(db: Db, delegate: Omit<Delegate, 'id'> & { createdBy: string }): Promise<string> {
  const { id } = await db.approvalDelegate.create({ data: delegate });
  return id;
}

/** Now or later; of everyone, or of whoever stands in for `memberId` or the other way round. */
export async function listDelegates(db: Db, memberId: string | null, now: Date): Promise<Delegate[]> {
  return db.approvalDelegate.findMany({
    where: { untilAt: { gt: now }, ...(memberId === null ? {} : { OR: [{ memberId }, { toMemberId: memberId }] }) },
    orderBy: [{ fromAt: 'asc' }, { id: 'asc' }],
    take: 500,
  });
}

export async function hasDelegate(db: Db, id: string): Promise<boolean> {
  return (await db.approvalDelegate.count({ where: { id } })) > 0;
}

/** False when there is none, or it is somebody else's. */
export async function deleteDelegate(db: Db, id: string, memberId: string | null): Promise<boolean> {
  const { count } = await db.approvalDelegate.deleteMany({
    where: { id, ...(memberId === null ? {} : { memberId }) },
  });
  return count > 0;
}

export const unknownDelegate = () =>
  new Refusal('approval.delegate_unknown', 'There is no such stand-in of yours.', 404);
