import type { FaultEdit } from '#bot/sandbox/fault-api.ts';
import type { Entry } from '#bot/sandbox/frame-api.ts';
import type { Phone } from './scene.ts';
import type { Word } from './words.ts';

/** A scene to begin from. */
export interface Story {
  number: number;
  title: Extract<Word, `story.${number}`>;
  hint: Extract<Word, `hint.${number}`>;
  faults: FaultEdit;
  entry: Entry;
  phone: Phone;
  /** The sidebar loses its network once it has been read. */
  offline: boolean;
}

export const noFaults = {
  api: [],
  callbacks: { duplicate: false, reorder: false, lose: false },
  model: { mode: 'up' },
  bridge: {},
} satisfies FaultEdit;

const plain = { faults: noFaults, entry: 'single_chat_tools', phone: 'phone', offline: false } as const;

export const stories: readonly Story[] = [
  { ...plain, number: 1, title: 'story.1', hint: 'hint.1' },
  { ...plain, number: 2, title: 'story.2', hint: 'hint.2', phone: 'dingtalk' },
  { ...plain, number: 3, title: 'story.3', hint: 'hint.3', phone: 'dingtalk' },
  { ...plain, number: 4, title: 'story.4', hint: 'hint.4', faults: { ...noFaults, model: { mode: 'down' } } },
  { ...plain, number: 5, title: 'story.5', hint: 'hint.5', offline: true },
  { ...plain, number: 6, title: 'story.6', hint: 'hint.6', entry: 'normal' },
  {
    ...plain,
    number: 7,
    title: 'story.7',
    hint: 'hint.7',
    faults: { ...noFaults, api: [{ path: 'externalcontact/*', kind: 'rate_limited', calls: 5 }] },
  },
];

/** What the customers and the rep of the stories say: this company's language whatever the page's. */
export const lines = {
  inquiry: [
    '你好，朋友推荐的你们。我们是做医疗器械销售的，想给 50 个销售用，一年多少钱？',
    '预算大概 1 万出头，价格超了要我们刘总批。',
    '麻烦明天下午之前把报价单发我邮箱，我们周五要定下来。',
  ],
  promise: '好的周女士，我明天下午把报价单发您邮箱。',
  bargain: '50 人版我们今天就能定，能给到八五折吗？',
  asking: '八五折超出我的权限，我马上向经理申请，稍后答复您。',
  discount: {
    title: '50 人版一年',
    amountFen: 1_280_000,
    need: '50 个销售用，客户资料统一管理',
    discountBp: 1500,
    reason: '客户今天可以定，竞品报价更低；八五折后毛利仍有 41%。',
  },
  segment: { name: '有意向的客户', tags: ['高意向', '中意向'] },
  broadcast: {
    name: '新品发布会邀请',
    text: '您好，我是{member}。我们 12 月 8 日在上海办一场新品发布会，给您留了两个席位，方便来看看吗？',
    reason: '发布会邀约，对象是有意向的客户，留 20% 作对照组。',
  },
  meanwhile: '再问一下，能开专票吗？合同周五前能给到吗？',
  remarks: ['周五前要合同', '要专票', '刘总审批'],
} as const;
