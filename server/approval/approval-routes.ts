import { route, type Route } from '#server/base/http.ts';
import type { Db } from '#server/base/database.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import {
  answerQuestion,
  askRequester,
  commentOnApproval,
  remindDeciders,
  transferApproval,
  withdrawApproval,
} from './act-on-approval.ts';
import { approvalApi } from './approval-api.ts';
import { attachFile, readAttachment } from './attach-file.ts';
import { decideMany, decideOnPage } from './decide-approval.ts';
import { delegateApi } from './delegate-api.ts';
import { listDelegates } from './delegate-store.ts';
import { listApprovals } from './list-approvals.ts';
import { policyApi } from './policy-api.ts';
import { listPolicies, membersIn, type StoredPolicy } from './policy-store.ts';
import { previewApproval } from './preview-approval.ts';
import { readApproval } from './read-approval.ts';
import { requestReveal } from './request-reveal.ts';
import { savePolicy } from './save-policy.ts';
import { addDelegate } from './add-delegate.ts';
import { removeDelegate } from './remove-delegate.ts';
import { viewApproval } from './view-approval.ts';

async function viewPolicy(db: Db, { updatedAt, ...stored }: StoredPolicy) {
  const ids = [...new Set(membersIn(stored.policy))];
  const names = await listMemberNames(db, ids);
  const members = ids.map((id) => ({ id, name: names.get(id) ?? '' }));
  return { ...stored, members, updatedAt: updatedAt?.toISOString() ?? null };
}

export const approvalRoutes: Route[] = [
  route(approvalApi.list, (deps, { caller, query }) => listApprovals(deps, caller, query)),
  route(approvalApi.preview, (deps, { caller, body }) => previewApproval(deps, caller, body)),
  route(approvalApi.requestReveal, async (deps, { caller, body }) =>
    viewApproval(deps, caller, await requestReveal(deps, caller, body)),
  ),
  route(approvalApi.decideMany, async (deps, { caller, body }) => {
    const items = [];
    for (const { approval, ...item } of await decideMany(deps, caller, body))
      items.push({ ...item, approval: approval && (await viewApproval(deps, caller, approval)) });
    return { items };
  }),
  route(approvalApi.read, (deps, { caller, params }) => readApproval(deps, caller, params)),
  route(approvalApi.decide, async (deps, { caller, params, body }) =>
    viewApproval(deps, caller, await decideOnPage(deps, caller, { ...params, ...body })),
  ),
  route(approvalApi.withdraw, async (deps, { caller, params }) =>
    viewApproval(deps, caller, await withdrawApproval(deps, caller, params)),
  ),
  route(approvalApi.remind, async (deps, { caller, params }) =>
    viewApproval(deps, caller, await remindDeciders(deps, caller, params)),
  ),
  route(approvalApi.transfer, async (deps, { caller, params, body }) =>
    viewApproval(deps, caller, await transferApproval(deps, caller, { ...params, ...body })),
  ),
  route(approvalApi.ask, async (deps, { caller, params, body }) =>
    viewApproval(deps, caller, await askRequester(deps, caller, { ...params, ...body })),
  ),
  route(approvalApi.answer, async (deps, { caller, params, body }) =>
    viewApproval(deps, caller, await answerQuestion(deps, caller, { ...params, ...body })),
  ),
  route(approvalApi.comment, async (deps, { caller, params, body }) =>
    viewApproval(deps, caller, await commentOnApproval(deps, caller, { ...params, ...body })),
  ),
  route(approvalApi.attach, async (deps, { caller, params, body }) =>
    viewApproval(deps, caller, await attachFile(deps, caller, { ...params, ...body })),
  ),
  route(approvalApi.readAttachment, (deps, { caller, params }) => readAttachment(deps, caller, params)),
  route(policyApi.list, async (deps) => {
    const stored = await listPolicies(deps.db);
    return { items: await Promise.all(stored.map((policy) => viewPolicy(deps.db, policy))) };
  }),
  route(policyApi.save, async (deps, { caller, params, body }) =>
    viewPolicy(deps.db, await savePolicy(deps, caller, { ...params, ...body })),
  ),
  route(delegateApi.list, async (deps, { caller }) => {
    const delegates = await listDelegates(deps.db, caller.role === 'admin' ? null : caller.memberId, deps.now());
    const names = await listMemberNames(
      deps.db,
      delegates.flatMap(({ memberId, toMemberId }) => [memberId, toMemberId]),
    );
    const person = (id: string) => ({ id, name: names.get(id) ?? '' });
    return {
      items: delegates.map(({ id, memberId, toMemberId, fromAt, untilAt }) => ({
        id,
        member: person(memberId),
        to: person(toMemberId),
        fromAt: fromAt.toISOString(),
        untilAt: untilAt.toISOString(),
      })),
    };
  }),
  route(delegateApi.add, (deps, { caller, body }) =>
    addDelegate(deps, caller, { ...body, fromAt: new Date(body.fromAt), untilAt: new Date(body.untilAt) }),
  ),
  route(delegateApi.remove, async (deps, { caller, params }) => {
    await removeDelegate(deps, caller, params);
    return {};
  }),
];
