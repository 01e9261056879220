import { approvalApi, type ApprovalDetail, type ApprovalKind } from '#server/approval/approval-api.ts';
import { delegateApi } from '#server/approval/delegate-api.ts';
import { policyApi, type ApprovalPolicy } from '#server/approval/policy-api.ts';
import { memberApi } from '#server/member/member-api.ts';
import { director, id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;

export interface MockApprovals {
  all: ApprovalDetail[];
  policies: {
    kind: ApprovalKind;
    policy: ApprovalPolicy;
    members: Person[];
    version: number;
    updatedAt: string | null;
  }[];
  delegates: { id: string; member: Person; to: Person; fromAt: string; untilAt: string }[];
}
interface Person {
  id: string;
  name: string;
}

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

const customer = { id: id(20), name: '苏州恒达精密机械有限公司' };
const noRights = {
  decide: false,
  decideInList: false,
  withdraw: false,
  remind: false,
  transfer: false,
  ask: false,
  answer: false,
  comment: true,
};
const decider = { ...noRights, decide: true, transfer: true, ask: true };

/** One that waits for the manager: 15 % off, of medium risk. */
export function someApproval(n: number, changes: Partial<ApprovalDetail> = {}): ApprovalDetail {
  return {
    id: id(n),
    kind: 'discount',
    state: 'pending',
    mode: 'own',
    title: '恒达精密 50 人版 优惠 15%',
    reason: '客户对比了两家，本周内能签；竞品报价 10,900 元。',
    risk: 'medium',
    requester: rep,
    customer,
    contact: { id: id(10), name: '陈小燕' },
    subject: `opportunity:${id(600)}`,
    measure: 15,
    amountFen: 1_280_000,
    changes: [
      { field: 'discount', format: 'percent', before: 5, after: 15 },
      { field: 'amount', format: 'money', before: 1_216_000, after: 1_088_000 },
    ],
    levels: [
      {
        of: 'any',
        seats: [
          {
            member: manager,
            state: 'open',
            because: 'policy',
            standsFor: null,
            decidedAt: null,
            dueAt: inHours(4),
          },
        ],
      },
      {
        of: 'any',
        seats: [
          { member: director, state: 'waiting', because: 'policy', standsFor: null, decidedAt: null, dueAt: null },
        ],
      },
    ],
    level: 0,
    revision: 1,
    question: null,
    attachmentCount: 0,
    createdAt: inHours(-3),
    expiresAt: inHours(70),
    decidedAt: null,
    decidedBy: null,
    verdict: null,
    effect: 'none',
    may: decider,
    history: [
      { at: inHours(-3), by: rep, action: 'requested', text: null, to: [manager], revision: 1 },
      { at: inHours(-2), by: rep, action: 'commented', text: '客户周五前要答复。', to: [], revision: 1 },
    ],
    attachments: [],
    copies: [],
    beside: {
      customer: { id: customer.id, name: customer.name, stage: 'quoted', grade: 'B', ownerName: rep.name },
      score: {
        value: 82,
        topReasons: [
          { key: 'signal.asks_price', text: '询价×3', says: { key: 'signal.asks_price.more', values: { n: 3 } } },
          { key: 'opened', text: '打开报价单 2 次' },
        ],
      },
      summary: { statements: ['50 人版，三季度上线', '希望价格更优惠'], at: inHours(-1) },
    },
    ...changes,
  };
}

const inList = { risk: 'low' as const, may: { ...decider, decideInList: true } };

export function someApprovals(): MockApprovals {
  const decided = {
    state: 'approved' as const,
    decidedAt: inHours(-20),
    decidedBy: manager,
    effect: 'done' as const,
    may: noRights,
  };
  return {
    all: [
      someApproval(701, {
        attachmentCount: 2,
        attachments: [
          { id: id(801), name: '竞品报价.txt', type: 'text/plain', bytes: 1200, viewedByMe: false },
          { id: id(802), name: '合同草稿.pdf', type: 'application/pdf', bytes: 230_000, viewedByMe: true },
        ],
      }),
      someApproval(702, {
        ...inList,
        title: '蓝海物流 优惠 3%',
        measure: 3,
        amountFen: 560_000,
        createdAt: inHours(-1),
      }),
      someApproval(703, {
        ...inList,
        title: '远东仪器 优惠 2%',
        measure: 2,
        amountFen: 320_000,
        createdAt: inHours(-30),
      }),
      someApproval(704, {
        ...inList,
        kind: 'sensitive_reveal',
        title: '查看 陈小燕 的完整电话 24 小时',
        measure: 24,
        amountFen: null,
        reason: '客户约了电话沟通，需要回拨。',
        changes: [{ field: 'hours', format: 'count', before: null, after: 24 }],
        createdAt: inHours(-0.2),
      }),
      someApproval(705, {
        risk: 'high',
        kind: 'stage_exception',
        title: '蓝海物流 未知预算先进入「谈判」',
        measure: 56_000,
        amountFen: 5_600_000,
        reason: '客户高层已口头同意，预算下周批。',
        changes: [
          { field: 'stage', format: 'stage', before: 'quoted', after: 'negotiation' },
          { field: 'missing', format: 'text', before: null, after: 'budget, decision_maker' },
        ],
        question: '谁是决策人？',
        createdAt: inHours(-52),
      }),
      someApproval(710, { ...decided, title: '远东仪器 优惠 8%', measure: 8 }),
      someApproval(711, {
        ...decided,
        state: 'rejected',
        verdict: '毛利不足，最多 10%。',
        effect: 'none',
        title: '蓝海物流 优惠 25%',
        measure: 25,
      }),
      someApproval(720, {
        requester: manager,
        title: '恒达精密 合同改为季度付款',
        kind: 'contract_terms',
        measure: 12_800,
        changes: [{ field: 'terms', format: 'text', before: '年付', after: '季度付款，首期 30%' }],
        levels: [
          {
            of: 'any',
            seats: [
              { member: director, state: 'open', because: 'policy', standsFor: null, decidedAt: null, dueAt: null },
            ],
          },
        ],
        may: { ...noRights, withdraw: true, remind: true },
      }),
    ],
    policies: [],
    delegates: [],
  };
}

const members = [rep, manager, director, { id: id(4), name: '孙倩' }];

export function approvalDeeds(mock: MockProduct, on: On): Route[] {
  const { approvals } = mock;
  const get = (given: string | undefined) => {
    const approval = approvals.all.find((one) => one.id === given);
    if (!approval) throw new Refusing({ status: 404, code: 'approval.unknown' });
    return approval;
  };
  const boxOf = (box: string) =>
    approvals.all.filter((one) => {
      const isMine = one.requester.id === mock.me.id;
      if (box === 'mine') return isMine;
      if (box === 'copied') return one.copies.some(({ id }) => id === mock.me.id);
      return !isMine && (box === 'pending') === (one.state === 'pending');
    });
  const happen = (approval: ApprovalDetail, action: ApprovalDetail['history'][number]['action'], text: string | null) =>
    approval.history.push({
      at: new Date().toISOString(),
      by: { id: mock.me.id, name: mock.me.name },
      action,
      text,
      to: [],
      revision: approval.revision,
    });
  const decide = (given: string | undefined, body: Asked['body']) => {
    const approval = get(given);
    if (approval.state !== 'pending') throw new Refusing({ status: 409, code: 'approval.already_decided' });
    if (approval.revision !== body['revision']) {
      throw new Refusing({ status: 409, code: 'approval.changed', detail: { revision: approval.revision } });
    }
    const isYes = body['decision'] !== 'reject';
    happen(approval, isYes ? 'approved' : 'rejected', (body['reason'] as string | undefined) ?? null);
    return Object.assign(approval, {
      state: isYes ? 'approved' : 'rejected',
      decidedAt: new Date().toISOString(),
      decidedBy: { id: mock.me.id, name: mock.me.name },
      verdict: isYes ? null : body['reason'],
      effect: isYes ? 'waiting' : 'none',
      may: { ...approval.may, decide: false, decideInList: false, transfer: false, ask: false },
    });
  };
  const change = (
    { params, body }: Asked,
    action: ApprovalDetail['history'][number]['action'],
    changes: Partial<ApprovalDetail> = {},
  ) => {
    const approval = get(params['id']);
    happen(approval, action, String(body['text'] ?? body['question'] ?? '') || null);
    return Object.assign(approval, changes);
  };

  return [
    on(approvalApi.list, ({ query }) => ({
      items: boxOf(query['box'] ?? 'pending').filter(
        (one) => (!query['kind'] || one.kind === query['kind']) && (!query['risk'] || one.risk === query['risk']),
      ),
      nextAfter: null,
      counts: { pending: boxOf('pending').length, copied: boxOf('copied').length, mine: boxOf('mine').length },
    })),
    on(approvalApi.decideMany, ({ body }) => ({
      items: (body['items'] as { id: string; revision: number }[]).map((item) => {
        try {
          return { id: item.id, approval: decide(item.id, item as unknown as Asked['body']), error: null };
        } catch (error) {
          if (!(error instanceof Refusing)) throw error;
          return { id: item.id, approval: null, error: { code: error.how.code, message: error.how.code } };
        }
      }),
    })),
    on(approvalApi.read, ({ params }) => get(params['id'])),
    on(approvalApi.decide, ({ params, body }) => decide(params['id'], body)),
    on(approvalApi.withdraw, (asked) =>
      change(asked, 'withdrawn', { state: 'withdrawn', decidedAt: new Date().toISOString(), may: noRights }),
    ),
    on(approvalApi.remind, (asked) => change(asked, 'reminded')),
    on(approvalApi.transfer, (asked) => change(asked, 'transferred', { may: noRights })),
    on(approvalApi.ask, (asked) => change(asked, 'question_asked', { question: String(asked.body['question']) })),
    on(approvalApi.answer, (asked) => change(asked, 'question_answered', { question: null })),
    on(approvalApi.comment, (asked) => change(asked, 'commented')),
    on(approvalApi.attach, ({ params, body }) => {
      const approval = get(params['id']);
      approval.attachments.push({
        id: id(850 + approval.attachments.length),
        name: String(body['name']),
        type: String(body['type']),
        bytes: Buffer.from(String(body['base64']), 'base64').length,
        viewedByMe: true,
      });
      approval.revision += 1;
      return approval;
    }),
    on(approvalApi.readAttachment, ({ params }) => {
      const attachment = get(params['id']).attachments.find((one) => one.id === params['attachmentId']);
      if (!attachment) throw new Refusing({ status: 404, code: 'approval.unknown' });
      attachment.viewedByMe = true;
      return {
        name: attachment.name,
        type: attachment.type,
        base64: Buffer.from('竞品报价 10,900 元').toString('base64'),
      };
    }),
    on(policyApi.list, () => ({ items: approvals.policies })),
    on(policyApi.save, ({ params, body }) => {
      const policy = approvals.policies.find(({ kind }) => kind === params['kind']);
      if (!policy) throw new Refusing({ status: 404, code: 'approval.unknown' });
      return Object.assign(policy, {
        policy: body['policy'],
        version: Number(body['version']) + 1,
        updatedAt: new Date().toISOString(),
      });
    }),
    on(approvalApi.preview, ({ body }) => {
      const byRule = body['kind'] === 'discount' && Number(body['measure']) <= 10;
      return { byRule, risk: 'low', mode: 'own', levels: byRule ? [] : [{ of: 'any', members: [manager] }] };
    }),
    on(approvalApi.requestReveal, () => someApproval(704, { kind: 'sensitive_reveal' })),
    on(delegateApi.list, () => ({ items: approvals.delegates })),
    on(delegateApi.add, ({ body }) => {
      const named = (given: unknown) => members.find((one) => one.id === given) ?? manager;
      const delegate = {
        id: id(900 + approvals.delegates.length),
        member: named(body['memberId'] ?? mock.me.id),
        to: named(body['toMemberId']),
        fromAt: new Date(String(body['fromAt'])).toISOString(),
        untilAt: new Date(String(body['untilAt'])).toISOString(),
      };
      approvals.delegates.push(delegate);
      return { id: delegate.id };
    }),
    on(delegateApi.remove, ({ params }) => {
      approvals.delegates = approvals.delegates.filter((one) => one.id !== params['id']);
      return {};
    }),
    on(memberApi.list, ({ query }) => ({
      items: members
        .filter(({ name }) => name.includes(query['search'] ?? ''))
        .map((member) => ({
          ...member,
          role: 'rep',
          position: '销售',
          avatar: null,
          departments: [{ id: id(90), name: '华东一区' }],
          status: 'active',
        })),
    })),
  ];
}
