import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { ApprovalKind, ApprovalView } from './approval-api.ts';
import { readOrg } from './org-store.ts';
import { resolve } from './policy.ts';
import { membersIn, readPolicy } from './policy-store.ts';

/** Who would decide; the same rules a request goes by, and nothing is written. */
export async function previewApproval(
  deps: Deps,
  { memberId: requesterId }: Caller,
  { kind, measure }: { kind: ApprovalKind; measure: number },
): Promise<
  Pick<ApprovalView, 'risk' | 'mode'> & {
    byRule: boolean;
    levels: { of: 'any' | 'all'; members: { id: string; name: string }[] }[];
  }
> {
  const { policy } = await readPolicy(deps.db, kind);
  const org = await readOrg(deps.db, [requesterId, ...membersIn(policy)], deps.now());
  const { risk, mode, byRule, levels } = resolve(policy, { requesterId, measure }, org, deps.now());
  const names = await listMemberNames(
    deps.db,
    levels.flatMap(({ seats }) => seats.map(({ memberId }) => memberId)),
  );
  const named = ({ memberId: id }: { memberId: string }) => ({ id, name: names.get(id) ?? '' });
  return { risk, mode, byRule, levels: levels.map(({ of, seats }) => ({ of, members: seats.map(named) })) };
}
