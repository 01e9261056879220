import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { isActiveMember } from '#server/member/member-store.ts';
import { answer, ask, comment, remind } from './approval-talk.ts';
import { transfer } from './approval-seating.ts';
import { withdraw } from './approval-end.ts';
import type { Approval } from './approval.ts';
import { changeApproval, type Transition } from './change-approval.ts';
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

export const commentOnApproval = (deps: Deps, caller: Caller, { id, text }: { id: string; text: string }) =>
  act(deps, caller, id, (approval, now) => comment(approval, caller.memberId, text, now));

async function mustWorkHere(deps: Deps, memberId: string): Promise<void> {
  if (await isActiveMember(deps.db, memberId)) return;
  throw new Refusal('approval.transfer_to', 'Pass it on to a member who works here.', 422, { field: 'toMemberId' });
}
