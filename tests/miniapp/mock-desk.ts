import { approvalKinds, type ApprovalKind } from '#server/approval/approval-api.ts';
import type { ApprovalPolicy } from '#server/approval/policy-api.ts';
import { memberApi, type AccountView, type MemberView } from '#server/member/member-api.ts';
import type { MockApprovals } from './mock-approvals.ts';
import { director, id, manager, rep, type Route } from './mock-part.ts';

/** What the company comes with, one policy changed already. */
export function somePolicies(): MockApprovals['policies'] {
  const byLine: ApprovalPolicy['bands'][number]['levels'][number] = {
    who: { by: 'line', step: 1 },
    of: 'any',
    escalateAfterMinutes: 240,
  };
  const policy = (bands: ApprovalPolicy['bands']): ApprovalPolicy => ({
    mode: 'own',
    form: null,
    bands,
    fallback: [],
    copies: [],
    expireAfterHours: 168,
  });
  const stored = (kind: ApprovalKind) => ({
    kind,
    policy: policy([{ upTo: null, risk: 'medium', levels: [byLine] }]),
    members: [],
    version: 0,
    updatedAt: null,
  });
  return approvalKinds.map((kind) =>
    kind === 'discount'
      ? {
          ...stored(kind),
          version: 3,
          updatedAt: '2026-11-20T02:00:00.000Z',
          members: [director],
          policy: {
            ...policy([
              { upTo: 5, risk: 'low', levels: [] },
              { upTo: 20, risk: 'low', levels: [byLine] },
              {
                upTo: null,
                risk: 'high',
                levels: [byLine, { who: { by: 'members', ids: [director.id] }, of: 'all', escalateAfterMinutes: null }],
              },
            ]),
            fallback: [director.id],
          },
        }
      : stored(kind),
  );
}

const viewOf = (member: { id: string; name: string }, role: MemberView['role']): MemberView => ({
  ...member,
  role,
  position: '销售',
  avatar: null,
  departments: [{ id: id(90), name: '华东一区' }],
  status: 'active',
});

export function deskDeeds(on: (endpoint: unknown, deed: Route['deed']) => Route): Route[] {
  const account = (platform: string, key: string, member: MemberView): AccountView => ({
    platform,
    key,
    name: member.name,
    joinedBy: 'own',
    active: true,
    syncedAt: '2026-11-20T02:00:00.000Z',
    member,
    others: [],
    matches: [],
  });
  const joined: AccountView = {
    ...account('wecom', 'li', viewOf(manager, 'manager')),
    others: [{ platform: 'dingtalk', key: 'ding1007', name: '李经理' }],
    joinedBy: 'mobile',
  };
  const alone: AccountView = {
    ...account('dingtalk', 'ding1001', viewOf({ id: id(40), name: '王磊（钉钉）' }, 'rep')),
    matches: [{ member: viewOf(rep, 'rep'), because: 'name' }],
  };
  const accounts = [joined, alone];
  const find = ({ body }: { body: Record<string, unknown> }) =>
    accounts.find(({ platform, key }) => platform === body['platform'] && key === body['key']) ?? alone;
  return [
    on(memberApi.accounts, () => ({ items: accounts, nextAfter: null })),
    on(memberApi.join, (asked) =>
      Object.assign(find(asked), {
        joinedBy: 'hand',
        member: viewOf(rep, 'rep'),
        matches: [],
        others: [{ platform: 'wecom', key: 'wang', name: rep.name }],
      }),
    ),
    on(memberApi.separate, (asked) => Object.assign(find(asked), { joinedBy: 'apart', others: [] })),
    on(memberApi.edit, ({ params, body }) => {
      const member = accounts.find((one) => one.member.id === params['id'])?.member ?? alone.member;
      return Object.assign(member, { role: body['role'] });
    }),
  ];
}
