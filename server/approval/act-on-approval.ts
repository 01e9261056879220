import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isActiveMember } from '#server/member/member-store.ts';
import { answer, ask, comment, remind } from './approval-talk.ts';
import { transfer } from './approval-seating.ts';
import { withdraw } from './approval-end.ts';
import type { Approval } from './approval.ts';
import { changeApproval, changeApprovalIn, tellOfChange, type Transition } from './change-approval.ts';
import { getVisible } from './get-visible.ts';

/** One transition of an approval the caller may see. */
async function act(deps: Deps, caller: Caller, id: string, transition: Transition): Promise<Approval> {
  await getVisible(deps, caller, id);
  return changeApproval(deps, id, transition);
}

export const withdrawApproval = (deps: Deps, caller: Caller, { id }: { id: string }) =>
  act(deps, caller, id, (approval, now) => withdraw(approval, caller.memberId, now));

export const remindDeciders = (deps: Deps, caller: Caller, { id }: { id: string }) =>
  act(deps, caller, id, (approval, now) => remind(approval, caller.memberId, now));

export async function transferApproval(
  deps: Deps,
  caller: Caller,
  wish: { id: string; toMemberId: string; revision: number; reason?: string | undefined },
): Promise<Approval> {
  const { id, toMemberId: memberId, revision, reason } = wish;
  await getVisible(deps, caller, id);
  await mustWorkHere(deps, memberId);
  return changeApproval(deps, id, (approval, now) =>
    transfer(approval, caller.memberId, { memberId, revision, reason: reason ?? null }, now),
  );
}

export const askRequester = (
  deps: Deps,
  caller: Caller,
  { id, ...asked }: { id: string; question: string; revision: number },
) => act(deps, caller, id, (approval, now) => ask(approval, caller.memberId, asked, now));

export const answerQuestion = (
  deps: Deps,
  caller: Caller,
  { id, text, reason }: { id: string; text: string; reason?: string | undefined },
) => act(deps, caller, id, (approval, now) => answer(approval, caller.memberId, { text, reason: reason ?? null }, now));

export async function commentOnApproval(
  deps: Deps,
  caller: Caller,
  { id, text, requestKey }: { id: string; text: string; requestKey?: string | undefined },
): Promise<Approval> {
  const { memberId } = caller;
  await getVisible(deps, caller, id);
  const asked = { memberId, requestKey, deed: 'approval.comment', content: { id, text } };
  return once(deps, asked, {
    async first(take) {
      const changed = await deps.db.$transaction((tx) =>
        take(tx, async () => {
          const made = await changeApprovalIn(tx, deps, id, (approval, now) => comment(approval, memberId, text, now));
          return { id, made };
        }),
      );
      await tellOfChange(deps, changed.made);
      return changed.made.approval;
    },
    again: async () => getVisible(deps, caller, id),
  });
}

async function mustWorkHere(deps: Deps, memberId: string): Promise<void> {
  if (await isActiveMember(deps.db, memberId)) return;
  throw new Refusal('approval.transfer_to', 'Pass it on to a member who works here.', 422, { field: 'toMemberId' });
}
