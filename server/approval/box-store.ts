import type { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';

/** Of whoever asked, sits there, is told, or leads the requester. */
export function visibleTo(memberId: string, scope: Scope): Prisma.ApprovalWhereInput {
  if (scope.all) return {};
  return {
    OR: [
      { requesterId: { in: [memberId, ...scope.memberIds] } },
      { seats: { some: { memberId } } },
      { copies: { some: { memberId } } },
    ],
  };
}

export async function isVisible(db: Db, id: string, memberId: string, scope: Scope): Promise<boolean> {
  return (await db.approval.count({ where: { id, AND: visibleTo(memberId, scope) } })) > 0;
}

export type Box = 'pending' | 'decided' | 'copied' | 'mine';

/** A seat on a later level waits its turn and is in no box yet. */
export function inBox(box: Box, memberId: string, now: Date): Prisma.ApprovalWhereInput {
  switch (box) {
    case 'pending':
      return { ...pendingAt(now), seats: { some: { memberId, state: 'open' } } };
    case 'decided':
      return {
        OR: [{ seats: { some: { memberId, state: { in: ['approved', 'rejected'] } } } }, { decidedBy: memberId }],
      };
    case 'copied':
      return { copies: { some: { memberId } } };
    case 'mine':
      return { requesterId: memberId };
  }
}

const pendingAt = (now: Date): Prisma.ApprovalWhereInput => ({
  state: 'pending',
  OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
});

/** How many wait for the member, were copied and not read, and were asked by them and are undecided. */
export async function countBoxes(
  db: Db,
  memberId: string,
  now: Date,
): Promise<{ pending: number; copied: number; mine: number }> {
  return {
    pending: await db.approval.count({ where: inBox('pending', memberId, now) }),
    copied: await db.approvalCopy.count({ where: { memberId, readAt: null } }),
    mine: await db.approval.count({ where: { requesterId: memberId, ...pendingAt(now) } }),
  };
}
