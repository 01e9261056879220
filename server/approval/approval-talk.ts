import { entry, nothing, type Approval, type Step } from './approval.ts';
import { inForm, noQuestion, notAsked, onlyRequester, remindedAlready } from './approval-refusal.ts';
import { mustBePending, mustBeRead, nextReminderAt, seatToUse } from './approval-right.ts';
import { openSeats, ownSeat } from './seat.ts';

/** Whoever is asked wants to know more; they may decide all the same. */
export function ask(
  approval: Approval,
  memberId: string,
  asked: { question: string; revision: number },
  now: Date,
): Step {
  seatToUse(approval, memberId, now);
  mustBeRead(approval, asked.revision);
  // Sent again; the requester has been told.
  if (approval.question === asked.question) return nothing;
  return {
    change: { question: asked.question },
    seats: [],
    history: [entry(approval, now, memberId, 'question_asked', { text: asked.question, to: [approval.requesterId] })],
  };
}

/** What is asked is another thing after an answer, so it must be read again. */
export function answer(
  approval: Approval,
  memberId: string,
  said: { text: string; reason: string | null },
  now: Date,
): Step {
  if (memberId !== approval.requesterId) throw onlyRequester(approval);
  mustBePending(approval, now);
  if (approval.question === null) throw noQuestion();
  const revision = approval.revision + 1;
  const read = { ...approval, revision };
  const isReworded = said.reason !== null && said.reason !== approval.reason;
  return {
    change: { question: null, revision, ...(isReworded && said.reason !== null ? { reason: said.reason } : {}) },
    seats: [],
    history: [
      entry(read, now, memberId, 'question_answered', { text: said.text }),
      ...(isReworded ? [entry(read, now, memberId, 'changed', { text: said.reason })] : []),
    ],
  };
}

/** What the requester adds is part of what is asked; what others add is not. */
export function attach(approval: Approval, memberId: string, file: { id: string; name: string }, now: Date): Step {
  const isRequester = memberId === approval.requesterId;
  if (!isRequester && !ownSeat(approval, memberId)) throw notAsked(approval, openSeats(approval));
  mustBePending(approval, now);
  const revision = approval.revision + (isRequester ? 1 : 0);
  return {
    change: { revision },
    seats: [],
    history: [
      {
        ...entry({ ...approval, revision }, now, memberId, 'attachment_added', { text: file.name }),
        attachmentId: file.id,
      },
    ],
  };
}

/** That it was read is part of how it was decided. */
export function viewAttachment(
  approval: Approval,
  memberId: string,
  file: { id: string; name: string },
  now: Date,
): Step {
  const viewed = entry(approval, now, memberId, 'attachment_viewed', { text: file.name });
  return { change: {}, seats: [], history: [{ ...viewed, attachmentId: file.id }] };
}

/** Whoever has not decided is told once more. */
export function remind(approval: Approval, memberId: string, now: Date): Step {
  if (memberId !== approval.requesterId) throw onlyRequester(approval);
  mustBePending(approval, now);
  if (approval.mode === 'form') throw inForm();
  const nextAt = nextReminderAt(approval);
  if (nextAt && now < nextAt) throw remindedAlready(nextAt);
  const to = openSeats(approval).map((seat) => seat.memberId);
  return {
    change: { remindedAt: now },
    seats: [],
    history: [entry(approval, now, memberId, 'reminded', { to })],
  };
}

/** A word to everybody concerned, also when it is over. */
export function comment(approval: Approval, memberId: string, text: string, now: Date): Step {
  return { change: {}, seats: [], history: [entry(approval, now, memberId, 'commented', { text })] };
}
