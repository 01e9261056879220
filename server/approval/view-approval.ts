import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { changesOf } from './approval-change.ts';
import { mayNow } from './approval-right.ts';
import type { Approval } from './approval.ts';
import type { Seat } from './seat.ts';
import type { ApprovalView } from './approval-api.ts';
import { countAttachments } from './attachment-store.ts';
import { listNewestAbout, listSubjectNames } from './approval-store.ts';
import { listVerdicts } from './history-store.ts';

export async function viewApproval(deps: Deps, caller: Caller, approval: Approval): Promise<ApprovalView> {
  const [view] = await viewApprovals(deps, caller, [approval]);
  if (!view) throw new Error('An approval has one view.');
  return view;
}

/** As the caller may see and use them; whether they may see them at all was asked before. */
export async function viewApprovals(
  deps: Deps,
  { memberId }: Pick<Caller, 'memberId'>,
  approvals: Approval[],
): Promise<ApprovalView[]> {
  if (approvals.length === 0) return [];
  const ids = approvals.map(({ id }) => id);
  // The sidebar waits for these: at once.
  const [{ customers, contacts }, attachments, verdicts] = await Promise.all([
    listSubjectNames(deps.db, approvals),
    countAttachments(deps.db, ids),
    listVerdicts(deps.db, deps.cipher, ids),
  ]);
  return approvals.map((approval): ApprovalView => {
    const { id, kind, state, mode, title, reason, risk, subject, measure, amountFen, level, revision } = approval;
    const person = (of: string) => ({ id: of, name: approval.names.get(of) ?? '' });
    return {
      id,
      kind,
      state,
      mode,
      title,
      reason,
      risk,
      requester: person(approval.requesterId),
      customer: named(approval.customerId, customers),
      contact: named(approval.contactId, contacts),
      subject,
      measure,
      amountFen,
      changes: changesOf(approval),
      levels: approval.levels.map(({ of }, at) => ({
        of,
        seats: approval.seats.filter((seat) => seat.level === at).map((seat) => viewSeat(seat, person)),
      })),
      level,
      revision,
      question: approval.question,
      attachmentCount: attachments.get(id) ?? 0,
      createdAt: approval.createdAt.toISOString(),
      expiresAt: approval.expiresAt?.toISOString() ?? null,
      decidedAt: approval.decidedAt?.toISOString() ?? null,
      decidedBy: approval.decidedBy === null ? null : person(approval.decidedBy),
      verdict: verdicts.get(id) ?? null,
      effect: approval.effectState,
      may: mayNow(approval, memberId, deps.now()),
    };
  });
}

/** By subject: the newest request about each, for whoever may see what it is about. */
export async function newestApprovals(
  deps: Deps,
  caller: Pick<Caller, 'memberId'>,
  subjects: string[],
): Promise<Map<string, ApprovalView>> {
  const newest = [...(await listNewestAbout(deps.db, deps.cipher, subjects)).values()];
  const views = await viewApprovals(deps, caller, newest);
  return new Map(views.map((view) => [view.subject ?? '', view]));
}

type Person = ApprovalView['requester'];

function viewSeat(seat: Seat, person: (id: string) => Person): ApprovalView['levels'][number]['seats'][number] {
  return {
    member: person(seat.memberId),
    state: seat.state,
    because: seat.because,
    standsFor: seat.standsFor === null ? null : person(seat.standsFor),
    decidedAt: seat.decidedAt?.toISOString() ?? null,
    dueAt: seat.dueAt?.toISOString() ?? null,
  };
}

/** Null as well when what it names is no longer there. */
function named(id: string | null, names: Map<string, string>): Person | null {
  const name = id === null ? undefined : names.get(id);
  return id === null || name === undefined ? null : { id, name };
}
