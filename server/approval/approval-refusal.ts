import { Refusal } from '#server/base/refusal.ts';
import type { Approval } from './approval.ts';
import type { Seat } from './seat.ts';

const named = ({ names }: Approval, id: string) => ({ id, name: names.get(id) ?? '' });

export function alreadyDecided(
  approval: Approval,
  by: string | null,
  at: Date | null,
  decision: 'approved' | 'rejected',
): Refusal {
  const who = by === null ? null : named(approval, by);
  return new Refusal(
    'approval.already_decided',
    `This was already decided by ${who?.name ?? 'a rule or a form'} at ${at?.toISOString() ?? ''}.`,
    409,
    { by: who, at: at?.toISOString() ?? null, decision },
  );
}

export function notAsked(approval: Approval, seats: readonly Seat[]): Refusal {
  const asked = seats.map(({ memberId }) => named(approval, memberId));
  const who = asked.map(({ name }) => name).join(', ') || 'nobody any more';
  return new Refusal('approval.not_asked', `You are not asked about this. Asked now: ${who}.`, 403, { asked });
}

export const withdrawn = (at: Date | null) =>
  new Refusal('approval.withdrawn', 'Whoever asked has taken it back. Nothing is left to decide.', 409, {
    at: at?.toISOString() ?? null,
  });

/** `revision` is what it is now. */
export const changedSinceRead = (revision: number) =>
  new Refusal('approval.changed', 'What is asked has changed since you read it. Read it again and decide.', 409, {
    revision,
  });

export const expired = (at: Date | null) =>
  new Refusal('approval.expired', 'The time to decide this is over. It can be asked for again.', 409, {
    at: at?.toISOString() ?? null,
  });

export const ownRequest = () =>
  new Refusal('approval.own_request', 'Nobody decides what they asked for themselves. Let somebody else decide.', 403);

export const reasonNeeded = () =>
  new Refusal('approval.reason_needed', 'Say why you reject it: whoever asked must be able to act on it.', 422, {
    field: 'reason',
  });

export const openFirst = () =>
  new Refusal('approval.open_first', 'This is not of low risk. Open it, read it and decide there.', 409);

export const inForm = () =>
  new Refusal('approval.in_form', 'This is decided on the company’s form in the messenger. Decide it there.', 409);

export const noQuestion = () =>
  new Refusal('approval.no_question', 'Nobody has asked for more. Write a comment instead.', 409);

export const remindedAlready = (nextAt: Date) =>
  new Refusal('approval.remind_too_soon', 'They were reminded less than 30 minutes ago. Wait a little.', 429, {
    nextAt: nextAt.toISOString(),
  });

export const askedAlready = (approval: Approval, memberId: string) =>
  new Refusal('approval.asked_already', 'This member is asked already. Choose somebody else.', 409, {
    asked: [named(approval, memberId)],
  });

export const onlyRequester = (approval: Approval) =>
  new Refusal('approval.only_requester', 'Only whoever asked for it may do this.', 403, {
    requester: named(approval, approval.requesterId),
  });

export const noApprover = () =>
  new Refusal(
    'approval.no_approver',
    'Nobody but yourself could decide this. Ask an admin to name somebody in the policy.',
    409,
  );

export const unknownApproval = () =>
  new Refusal('approval.unknown', 'There is no such approval, or it is not for you to see.', 404);
