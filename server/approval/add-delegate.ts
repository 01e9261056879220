import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once, type Take } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isActiveMember } from '#server/member/member-store.ts';
import { listOpenOf } from './approval-store.ts';
import { hasDelegate, insertDelegate, unknownDelegate, type Delegate } from './delegate-store.ts';

type DelegateWish = Omit<Delegate, 'id' | 'memberId'> & { memberId?: string | undefined };

/** Somebody decides in place of a member for a while; what waits for them already goes over when it begins. */
export async function addDelegate(
  deps: Deps,
  caller: Caller,
  { requestKey, ...wish }: DelegateWish & { requestKey?: string | undefined },
): Promise<{ id: string }> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'approval.delegate', content: wish };
  return once(deps, asked, {
    first: (take) => appoint(deps, caller, wish, take),
    async again(id) {
      if (!(await hasDelegate(deps.db, id))) throw unknownDelegate();
      return { id };
    },
  });
}

async function appoint(deps: Deps, caller: Caller, wish: DelegateWish, take: Take): Promise<{ id: string }> {
  const { toMemberId, fromAt, untilAt } = wish;
  const memberId = wish.memberId ?? caller.memberId;
  if (memberId !== caller.memberId && caller.role !== 'admin') throw notYours();
  const isPossible = toMemberId !== memberId && fromAt < untilAt && untilAt > deps.now();
  if (!isPossible || !(await isActiveMember(deps.db, toMemberId))) throw impossible();
  const { id } = await deps.db.$transaction((tx) =>
    take(tx, async () => {
      const id = await insertDelegate(tx, { memberId, toMemberId, fromAt, untilAt, createdBy: caller.memberId });
      await recordAudit(tx, {
        memberId: caller.memberId,
        action: 'approval.delegate.added',
        subject: `member:${memberId}`,
        detail: { toMemberId, fromAt: fromAt.toISOString(), untilAt: untilAt.toISOString() },
      });
      return { id };
    }),
  );
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
