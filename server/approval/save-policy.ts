import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { ApprovalKind } from './approval-api.ts';
import type { ApprovalPolicy } from './policy-api.ts';
import { readWholeOrg } from './org-store.ts';
import { checkPolicy } from './policy.ts';
import { readPolicy, savePolicyRow, type StoredPolicy } from './policy-store.ts';

/** From the next request on; one that today's company could not decide by is refused. */
export async function savePolicy(
  deps: Deps,
  caller: Caller,
  { kind, version, policy }: { kind: ApprovalKind; version: number; policy: ApprovalPolicy },
): Promise<StoredPolicy> {
  checkForm(deps, policy);
  checkPolicy(policy, await readWholeOrg(deps.db));
  return deps.db.$transaction(async (tx) => {
    const by = { memberId: caller.memberId, at: deps.now() };
    if (!(await savePolicyRow(tx, { kind, version }, policy, by))) throw stale();
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'approval.policy.saved',
      subject: `approval_policy:${kind}`,
      detail: { version: version + 1 },
    });
    return readPolicy(tx, kind);
  });
}

function checkForm(deps: Deps, { mode, form }: ApprovalPolicy): void {
  if (mode !== 'form' || !form) return;
  if (deps.platforms.all.some(({ name, forms }) => name === form.platform && forms)) return;
  const message = `form.platform: ${form.platform} is not connected, or has no forms`;
  throw new Refusal('approval.policy', `Correct this and save again: ${message}.`, 422, {
    problems: [{ path: 'form.platform', message }],
  });
}

const stale = () =>
  new Refusal('approval.policy_stale', 'Somebody saved this policy since you read it. Read it again.', 409);
