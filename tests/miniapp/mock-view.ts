import type { MessageView } from '#server/conversation/conversation-api.ts';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';

const HOUR_MS = 3_600_000;
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

export const contactKey = 'wmChen';
/** Something a customer wrote that would run if it ever were markup. */
export const hostileText = '报价能再优惠吗？<img src=x onerror="window.wasHacked=true"> ${alert(1)}';

export function someMessages(): MessageView[] {
  const said: [MessageView['sender'], number, string][] = [
    ['contact', -50, '你们 50 人版一年多少钱？'],
    ['member', -49, '您好，标准价 12,800 元/年。'],
    ['contact', -48, hostileText],
    ['member', -47, '我去申请一下，周五前给您答复。'],
  ];
  return said
    .map(([sender, at, text], index) => ({
      id: id(200 + index),
      sender,
      memberId: id(1),
      at: inHours(at),
      kind: 'text' as const,
      text,
      media: null,
      recalledAt: null,
    }))
    .reverse();
}

export function someView(): SidebarView {
  const customer: SidebarView['customer'] = {
    id: id(20),
    kind: 'organisation',
    name: '苏州恒达精密机械有限公司',
    regionCode: '320500',
    regionName: '江苏省苏州市',
    industryCode: null,
    industryName: null,
    grade: 'B',
    stage: 'quoted',
    source: null,
    owner: { id: id(1), name: '王磊' },
    phone: '138****8000',
    website: null,
    address: null,
    custom: {},
    version: 3,
    createdAt: inHours(-900),
    updatedAt: inHours(-2),
  };
  const task = (n: number, changes: Partial<SidebarView['tasks'][number]>): SidebarView['tasks'][number] => ({
    id: id(n),
    title: '',
    state: 'open',
    contact: { id: id(10), name: '陈小燕' },
    customer: { id: id(20), name: customer.name },
    assignee: { id: id(1), name: '王磊' },
    dueAt: null,
    overdue: false,
    quote: null,
    messageId: null,
    doneAt: null,
    version: 1,
    ...changes,
  });
  const late = task(300, { title: '答复优惠与交期', dueAt: inHours(-2), overdue: true });
  const promised = task(301, {
    title: '申请优惠后答复陈女士',
    state: 'proposed',
    dueAt: inHours(30),
    quote: '周五前给您答复',
    messageId: id(203),
  });
  return {
    contact: {
      id: id(10),
      platform: 'wecom',
      key: contactKey,
      name: '陈小燕',
      avatar: null,
      type: 'messenger',
      gender: 2,
      corpName: null,
      position: null,
      optedOutAt: null,
      syncedAt: inHours(-1),
      follow: {
        id: id(11),
        state: 'active',
        remark: '陈女士',
        description: null,
        remarkCorpName: '恒达精密',
        remarkPhones: ['138****8000'],
        channel: null,
        addedAt: inHours(-900),
        archiveConsent: 'agreed',
        tags: [{ id: id(100), name: '高意向', group: '意向' }],
      },
      followers: [],
    },
    customer,
    bindings: [{ customer, role: 'buyer', reasons: [], madeBy: '王磊', madeAt: inHours(-800) }],
    candidates: [],
    score: {
      id: id(500),
      at: inHours(-1),
      value: 52,
      level: 'high',
      change: 11,
      method: 'rules@1',
      basis: 'rules',
      outcomes: 12,
      override: null,
      factors: [
        { key: 'grade', points: 40, text: '等级 B', pointer: { field: 'grade' } },
        { key: 'price', points: 18, text: '问了价格', pointer: { messageId: id(200), quote: '50 人版一年多少钱' } },
        { key: 'silent', points: -6, text: '两天没有回复', pointer: { field: 'lastMessageAt' } },
      ],
    },
    health: null,
    summary: {
      id: id(400),
      at: inHours(-0.1),
      messageCount: 4,
      statements: [
        {
          kind: 'objection',
          text: '希望价格更优惠',
          quotes: [{ messageId: id(202), quote: '报价能再优惠吗？', at: inHours(-48) }],
        },
      ],
      suggestedTags: [],
      replyDraft: '陈女士您好，优惠价 10,880 元/年。',
      replyRisks: [{ kind: 'price', text: '10,880 元/年' }],
      replySources: [],
    },
    summaryState: 'fresh',
    nextAction: {
      kind: 'task',
      title: late.title,
      reason: 'overdue',
      quote: null,
      facts: [],
      at: late.dueAt,
      taskId: late.id,
    },
    tasks: [late, promised],
    opportunities: [],
    draft: null,
    lastMessageAt: inHours(-47),
  };
}
