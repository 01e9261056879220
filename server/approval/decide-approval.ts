import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { decide, type Actor, type Decision } from './approval-verdict.ts';
import type { Approval } from './approval.ts';
import { ownRequest } from './approval-refusal.ts';
import type { ApprovalKind } from './approval-api.ts';
import { wasAskedBy } from './history-store.ts';
import { changeApproval } from './change-approval.ts';
import { getVisible } from './get-visible.ts';

export interface Tap {
  id: string;
  /** The one that was read. */
  revision: number;
  decision: Decision;
  reason?: string | null | undefined;
}

/** The one way to decide, whoever presses where. Whoever is too late is told who was first. */
export async function decideApproval(deps: Deps, actor: Actor, tap: Tap): Promise<Approval> {
  const { id, revision, decision, reason } = tap;
  const { memberId } = actor;
  // Whoever asked and handed it over may come to be asked themselves.
  if (memberId !== null && decision === 'approve' && (await wasAskedBy(deps.db, id, memberId))) throw ownRequest();
  return changeApproval(deps, id, (approval, now) =>
    decide(approval, actor, { revision, decision, reason: reason ?? null }, now),
  );
}

/** For somebody at a page: what they may not see does not exist. */
export async function decideOnPage(deps: Deps, caller: Caller, tap: Tap): Promise<Approval> {
  await getVisible(deps, caller, tap.id);
  return decideApproval(deps, { memberId: caller.memberId, via: 'page' }, tap);
}

export interface OneOfMany {
  id: string;
  approval: Approval | null;
  error: { code: string; message: string } | null;
}

/** Without opening each: one kind and low risk only, and each for itself. */
export async function decideMany(
  deps: Deps,
  caller: Caller,
  { kind, items }: { kind: ApprovalKind; items: { id: string; revision: number }[] },
): Promise<OneOfMany[]> {
  const answers: OneOfMany[] = [];
  for (const { id, revision } of items) {
    try {
      const found = await getVisible(deps, caller, id);
      if (found.kind !== kind || found.risk !== 'low') throw notInList();
      const approval = await decideOnPage(deps, caller, { id, revision, decision: 'approve' });
      answers.push({ id, approval, error: null });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answers.push({ id, approval: null, error: { code: error.code, message: error.message } });
    }
  }
  return answers;
}

const notInList = () =>
  new Refusal('approval.not_in_list', 'Only requests of one kind and low risk are approved from a list. Open it.', 409);
