import { randomUUID } from 'node:crypto';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { open } from './approval-opening.ts';
import type { Approval } from './approval.ts';
import { approvalContents } from './approval-api.ts';
import { findApproval, findApprovalByKey, insertApproval, lockRequestKey } from './approval-store.ts';
import { insertHistory } from './history-store.ts';
import { tellOfChange, wakeFor } from './change-approval.ts';
import { readOrg } from './org-store.ts';
import { owe } from './owe-delivery.ts';
import { resolve } from './policy.ts';
import { membersIn, readPolicy } from './policy-store.ts';
import type { RequestDraft } from './request-draft.ts';

/** As `opportunity.amountFen`: up to ten billion yuan. */
const AMOUNT_FEN_MAX = 1_000_000_000_000;

export interface Requested {
  approval: Approval;
  /** Jobs and screens; to be called once the transaction has ended. */
  tell(): Promise<void>;
}

/** Asks for something. Asking again with the same key answers what was asked before. */
export async function requestApproval(
  deps: Deps,
  caller: Pick<Caller, 'memberId'>,
  draft: RequestDraft,
): Promise<Approval> {
  const requested = await deps.db.$transaction((tx) => requestApprovalIn(tx, deps, caller, draft));
  await requested.tell();
  return requested.approval;
}

/** For rooms that ask in a transaction of their own. What is within the rule is approved at once. */
export async function requestApprovalIn(
  tx: Db,
  deps: Deps,
  caller: Pick<Caller, 'memberId'>,
  draft: RequestDraft,
): Promise<Requested> {
  const requesterId = caller.memberId;
  checkDraft(draft);
  await lockRequestKey(tx, draft.requestKey);
  const before = await findApprovalByKey(tx, deps.cipher, draft.requestKey);
  if (before) return { approval: asAskedBefore(before, requesterId, draft), tell: async () => {} };

  const { requestKey, ...asked } = draft;
  const { policy } = await readPolicy(tx, draft.kind);
  const org = await readOrg(tx, [requesterId, ...membersIn(policy)], deps.now());
  const resolved = resolve(policy, { requesterId, measure: draft.measure }, org, deps.now());
  const { approval, history } = open(
    { ...asked, ...resolved, id: randomUUID(), requesterId, names: new Map() },
    deps.now(),
  );
  const copies = policy.copies.filter((id) => id !== requesterId && org.members.get(id)?.isActive);
  const form = approval.mode === 'form' ? policy.form : null;
  await insertApproval(tx, deps.cipher, approval, { requestKey, copies, form });
  const written = await insertHistory(tx, deps.cipher, approval.id, history);
  const made = (await findApproval(tx, deps.cipher, approval.id)) ?? approval;
  const owed = await owe(tx, deps, made, { seats: made.seats, history: written });
  return {
    approval: made,
    async tell() {
      const { effectState, seats } = made;
      await tellOfChange(deps, { approval: made, step: { change: { effectState }, seats, history }, owed });
      if (made.state === 'pending') await wakeFor(deps, made, [made.expiresAt]);
    },
  };
}

function checkDraft({ kind, content, amountFen }: RequestDraft): void {
  if (amountFen !== null && !(Number.isInteger(amountFen) && amountFen >= 0 && amountFen <= AMOUNT_FEN_MAX)) {
    throw new Refusal('approval.amount', 'amountFen: must be a whole number of fen from 0 to ten billion yuan.', 400, {
      field: 'amountFen',
    });
  }
  const parsed = approvalContents[kind].safeParse(content);
  if (parsed.success) return;
  const problems = parsed.error.issues.map((issue) => ({
    path: ['content', ...issue.path].join('.'),
    message: issue.message,
  }));
  const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new Refusal('approval.content', `Correct these and ask again: ${said}`, 400, {
    field: problems[0]?.path,
    problems,
  });
}

function asAskedBefore(before: Approval, requesterId: string, { kind }: RequestDraft): Approval {
  if (before.requesterId === requesterId && before.kind === kind) return before;
  throw new Refusal('approval.request_key', 'Something else was asked with this key. Ask with a new one.', 409);
}
