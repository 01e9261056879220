import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isActiveMember } from '#server/member/member-store.ts';
import { listOpenOf } from './approval-store.ts';
import { insertDelegate, type Delegate } from './delegate-store.ts';

/** Somebody decides in place of a member for a while; what waits for them already goes over when it begins. */
export async function addDelegate(
  deps: Deps,
  caller: Caller,
  wish: Omit<Delegate, 'id' | 'memberId'> & { memberId?: string | undefined },
): Promise<{ id: string }> {
  const { toMemberId, fromAt, untilAt } = wish;
  const memberId = wish.memberId ?? caller.memberId;
  if (memberId !== caller.memberId && caller.role !== 'admin') throw notYours();
  const isPossible = toMemberId !== memberId && fromAt < untilAt && untilAt > deps.now();
  if (!isPossible || !(await isActiveMember(deps.db, toMemberId))) throw impossible();
  const id = await insertDelegate(deps.db, { memberId, toMemberId, fromAt, untilAt, createdBy: caller.memberId });
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'approval.delegate.added',
    subject: `member:${memberId}`,
    detail: { toMemberId, fromAt: fromAt.toISOString(), untilAt: untilAt.toISOString() },
  });
  const waiting = await listOpenOf(deps.db, memberId);
  const delayMs = Math.max(fromAt.getTime() - deps.now().getTime(), 0);
  await deps.jobs.addAll(
    'attend-approval',
    waiting.map((approvalId) => ({ payload: { approvalId }, options: { key: `${approvalId}:${id}`, delayMs } })),
  );
  return { id };
}

const notYours = () => new Refusal('approval.delegate', 'Only an admin names who stands in for others.', 403);

const impossible = () =>
  new Refusal('approval.delegate', 'Name another member who works here, and a time that is not over.', 422);
