import { healthApi, type ChurnAlert } from '#server/health/health-api.ts';
import { OUTCOMES_NEEDED, scoringModelApi, type ModelCard, type ScoringState } from '#server/scoring/model-api.ts';
import {
  usageApi,
  type ModelSettingsView,
  type PromptView,
  type RunView,
  type UsageView,
} from '#server/usage/usage-api.ts';
import { conversationApi } from '#server/conversation/conversation-api.ts';
import { id, manager, Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

export interface MockLearning {
  states: Record<'lead' | 'churn', ScoringState>;
  usage: UsageView;
  runs: RunView[];
  prompts: PromptView[];
  settings: ModelSettingsView;
  alerts: ChurnAlert[];
}

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const dayOf = (days: number) => daysAgo(days).slice(0, 10);

export function someCard(n: number, changes: Partial<ModelCard> = {}): ModelCard {
  const rates = [0.62, 0.44, 0.33, 0.24, 0.18, 0.14, 0.1, 0.07, 0.05, 0.02];
  const shares = [
    ['silentDays', 'behaviour', 0.24],
    ['signal.asks_price', 'conversation', 0.19],
    ['grade', 'profile', 0.13],
    ['openStage', 'value', 0.11],
    ['theirs30', 'behaviour', 0.08],
    ['signal.names_budget', 'conversation', 0.07],
    ['channel', 'source', 0.05],
    ['role', 'profile', 0.04],
    ['signal.negative', 'conversation', 0.03],
    ['replyMinutes', 'behaviour', 0.02],
    ['frequency', 'value', 0.015],
    ['month', 'time', 0.01],
    ['tags', 'behaviour', 0.01],
    ['<img src=x onerror=a=1>', 'profile', 0.005],
  ] as const;
  return {
    id: id(n),
    target: 'lead',
    version: 7,
    state: 'champion',
    method: 'trees',
    trainedAt: daysAgo(0.4),
    from: daysAgo(420),
    until: daysAgo(2),
    rows: 2060,
    positives: 486,
    trainSeconds: 3.4,
    figures: { auc: 0.842, logLoss: 0.391, ece: 0.016, precisionAtTenth: 0.62, liftAtTenth: 2.83 },
    ruleFigures: { auc: 0.713, logLoss: 0.511, ece: 0.094, precisionAtTenth: 0.41, liftAtTenth: 1.87 },
    deciles: rates.map((rate, index) => ({
      decile: index + 1,
      rows: index === 9 ? 43 : 41,
      rate,
      lift: rate / 0.219,
    })),
    calibration: rates
      .map((actual, index) => ({ predicted: actual + (index % 3 === 0 ? 0.03 : -0.01), actual, rows: 41 }))
      .map((point) => ({ ...point, predicted: Math.max(0, point.predicted) })),
    features: shares.map(([key, group, share]) => ({ key, group, share, filled: key === 'grade' ? 0.38 : 0.96 })),
    fairness: [
      {
        field: 'gender',
        swap: 0,
        groups: [
          { group: '男', rows: 190, meanScore: 34.2, rate: 0.22, auc: 0.839 },
          { group: '女', rows: 201, meanScore: 33.8, rate: 0.218, auc: 0.845 },
          { group: '未知', rows: 21, meanScore: 31, rate: null, auc: null },
        ],
      },
      {
        field: 'region',
        swap: 0.4,
        groups: [
          { group: '江苏', rows: 160, meanScore: 35.1, rate: 0.23, auc: 0.84 },
          { group: '上海', rows: 148, meanScore: 33.4, rate: 0.21, auc: 0.836 },
        ],
      },
    ],
    drift: {
      at: daysAgo(0.3),
      psi: 0.14,
      features: [
        { key: 'theirs30', psi: 0.18 },
        { key: 'grade', psi: 0.02 },
      ],
    },
    recalibratedAt: daysAgo(0.3),
    warnings: [],
    decision: { at: daysAgo(0.4), outcome: 'promoted', gain: 0.012, low: 0.004, high: 0.02, by: null, reason: null },
    ...changes,
  };
}

export function someScoring(changes: Partial<ScoringState> = {}): ScoringState {
  return {
    target: 'lead',
    basis: 'model',
    modelOn: true,
    outcomes: 2060,
    outcomesNeeded: OUTCOMES_NEEDED,
    champion: someCard(1501),
    others: [
      someCard(1502, {
        version: 8,
        state: 'challenger',
        method: 'blend',
        decision: {
          at: daysAgo(0.1),
          outcome: 'undecided',
          gain: 0.003,
          low: -0.002,
          high: 0.008,
          by: null,
          reason: null,
        },
      }),
      someCard(1503, {
        version: 6,
        state: 'retired',
        method: 'logistic',
        decision: {
          at: daysAgo(31),
          outcome: 'by_hand',
          gain: null,
          low: null,
          high: null,
          by: '李经理',
          reason: '展会客户太多，先用上一版',
        },
      }),
      someCard(1504, {
        version: 5,
        state: 'rejected',
        figures: null,
        ruleFigures: null,
        deciles: [],
        calibration: [],
        drift: null,
        warnings: [
          { code: 'few_outcomes', feature: null },
          { code: 'leak', feature: 'monetary' },
          { code: 'one_sided', feature: 'position' },
          { code: 'old', feature: null },
        ],
        decision: null,
      }),
    ],
    training: { state: 'idle', startedAt: null, done: 0, total: 0, error: null, nextAt: daysAgo(-0.6) },
    rescoring: { state: 'idle', at: daysAgo(0.39), done: 18_204, total: 18_204, seconds: 2.1 },
    overrides: { count: 34, settled: 21, repRight: 8, scoreRight: 13 },
    ...changes,
  };
}

/** Too little to learn from yet. */
export const fewOutcomes = (changes: Partial<ScoringState> = {}): ScoringState =>
  someScoring({
    basis: 'rules',
    outcomes: 137,
    champion: null,
    others: [],
    overrides: { count: 0, settled: 0, repRight: 0, scoreRight: 0 },
    ...changes,
  });

const drafts = { shown: 420, sent: 176, edited: 148, rejected: 96, distance: 0.184 };
const figures = {
  runs: 1240,
  outcomes: { answered: 1102, repaired: 21, cached: 64, unusable: 9, unavailable: 32, refused_by_budget: 12 },
  costYuan: 61.372,
  estimatedYuan: 0,
  inputTokens: 3_240_000,
  cachedTokens: 2_180_000,
  outputTokens: 412_000,
  dropped: 57,
  p50Ms: 1840,
  p95Ms: 6120,
};

export function someUsage(changes: Partial<UsageView> = {}): UsageView {
  return {
    from: dayOf(29),
    until: dayOf(0),
    today: { spentYuan: 3.2846, softYuan: 8, hardYuan: 10, line: 'below' },
    total: figures,
    days: Array.from({ length: 30 }, (_, day) => ({
      day: dayOf(29 - day),
      runs: 30 + day,
      costYuan: day % 7 > 4 ? 0.3 : 2 + (day % 5) * 0.4,
    })),
    useCases: [
      { ...figures, useCase: 'summarise-conversation', runs: 810, costYuan: 41.2 },
      { ...figures, useCase: 'draft-reply', runs: 420, costYuan: 19.9, outcomes: { answered: 408, unavailable: 12 } },
      { ...figures, useCase: 'draft-segment', runs: 10, costYuan: 0.2721, outcomes: { answered: 10 }, p50Ms: null },
    ],
    customers: [
      { customer: { id: id(20), name: '苏州恒达精密机械有限公司' }, runs: 88, costYuan: 6.12 },
      { customer: { id: id(21), name: '蓝海<img src=x onerror=a=1>物流' }, runs: 52, costYuan: 3.4 },
      { customer: null, runs: 210, costYuan: 9.8 },
    ],
    drafts,
    ...changes,
  };
}

export function someRun(n: number, changes: Partial<RunView> = {}): RunView {
  return {
    id: id(n),
    at: daysAgo(0.02 * (n - 1600)),
    useCase: 'summarise-conversation',
    promptVersion: 'summarise-conversation@3',
    model: 'qwen-plus',
    outcome: 'answered',
    costYuan: 0.0041,
    estimatedYuan: 0,
    inputTokens: 2412,
    cachedTokens: 1680,
    outputTokens: 318,
    latencyMs: 1840,
    dropped: 0,
    error: null,
    contact: { id: id(10), name: '陈小燕' },
    ...changes,
  };
}

const someRuns = (): RunView[] => [
  someRun(1601),
  someRun(1602, { useCase: 'draft-reply', dropped: 2 }),
  someRun(1603, {
    outcome: 'unavailable',
    error: '504 from the endpoint',
    costYuan: 0,
    outputTokens: 0,
    contact: null,
  }),
  ...Array.from({ length: 60 }, (_, index) => someRun(1610 + index)),
];

export function somePrompts(): PromptView[] {
  const version = (name: string, changes: Partial<PromptView['versions'][number]>) => ({
    ...figures,
    version: `summarise-conversation@${name}`,
    current: false,
    firstAt: daysAgo(40),
    lastAt: daysAgo(12),
    drafts,
    cases: {
      at: daysAgo(12),
      cases: 120,
      passed: 111,
      scores: [
        { name: 'schema', value: 1, gate: 0.99 },
        { name: 'facts', value: 0.91, gate: 0.9 },
        { name: 'tokens', value: 3.302, gate: 4 },
        { name: 'yuan a call', value: 0.0015, gate: 0.01 },
        { name: 'a_new_scorer', value: 0.5, gate: null },
      ],
    },
    ...changes,
  });
  return [
    {
      name: 'summarise-conversation',
      version: 'summarise-conversation@3',
      temperature: 0.2,
      text: '[system]\n你是企业销售团队的会话分析员。<img src=x onerror=a=1>\n\n[user]\n今天是 {{today}}。\n<chat>\n{{messages}}\n</chat>',
      versions: [
        version('3', { current: true, firstAt: daysAgo(12), lastAt: daysAgo(0) }),
        version('2', { costYuan: 66.1 }),
        version('1', {
          ...figures,
          runs: 0,
          outcomes: {},
          costYuan: 0,
          inputTokens: 0,
          firstAt: null,
          lastAt: null,
          cases: null,
          p95Ms: null,
          p50Ms: null,
        }),
      ],
    },
    {
      name: 'draft-reply',
      version: 'draft-reply@1',
      temperature: null,
      text: '起草一条回复。',
      versions: [version('1', { current: true, cases: null })],
    },
  ];
}

const someSettings = (): ModelSettingsView => ({
  on: true,
  useCases: { 'summarise-conversation': true, 'draft-reply': true, 'draft-segment': false },
  softYuan: 8,
  hardYuan: 10,
  configured: true,
  model: 'qwen-plus',
  host: 'llm.example.com',
  sources: [
    { id: id(1701), platform: 'wecom', kind: 'archive', enabled: true, modelAllowed: false },
    { id: id(1702), platform: 'wecom', kind: 'paste', enabled: true, modelAllowed: true },
  ],
  changes: [
    { at: daysAgo(1), by: manager, what: 'useCase.draft-segment', to: 'off', reason: '先由人工建人群' },
    { at: daysAgo(3), by: manager, what: 'hardYuan', to: '10', reason: '试用期 <b>省着用</b>' },
    { at: daysAgo(5), by: manager, what: `source.${id(1702)}`, to: 'on', reason: '' },
    { at: daysAgo(9), by: null, what: 'on', to: 'on', reason: '首次配置' },
  ],
});

export function someAlert(n: number, changes: Partial<ChurnAlert> = {}): ChurnAlert {
  return {
    id: id(n),
    at: daysAgo(0.2),
    contact: { id: id(10), name: '陈小燕', platform: 'wecom', key: 'wmChen' },
    customer: { id: id(20), name: '苏州恒达精密机械有限公司' },
    owner: rep,
    risk: 78,
    factors: [
      {
        key: 'silent',
        points: 30,
        text: '46 天没有消息，平时约 6 天一次',
        says: { key: 'silent', values: { n: 46, usual: 6 } },
        pointer: { field: 'conversation.lastMessageAt' },
      },
      {
        key: 'signal.negative',
        points: 18,
        text: '不满或拒绝',
        pointer: { messageId: id(202), quote: '再这样就不续了' },
      },
      { key: 'unanswered', points: 18, text: '5 天没有回复客户', pointer: { field: 'conversation.unanswered' } },
    ],
    state: 'open',
    closedAt: null,
    closedBy: null,
    reason: null,
    ...changes,
  };
}

const someAlerts = (): ChurnAlert[] => [
  someAlert(1801),
  someAlert(1802, {
    contact: { id: id(12), name: '周<img src=x onerror=a=1>明', platform: 'wecom', key: 'wmZhou' },
    customer: null,
    owner: null,
    risk: 64,
  }),
  someAlert(1803, {
    state: 'dismissed',
    closedAt: daysAgo(1),
    closedBy: manager,
    reason: '客户在休假，下月恢复',
  }),
  someAlert(1804, { state: 'over', closedAt: daysAgo(2) }),
];

export const someLearning = (): MockLearning => ({
  states: {
    lead: someScoring(),
    churn: fewOutcomes({ target: 'churn', outcomes: 41 }),
  },
  usage: someUsage(),
  runs: someRuns(),
  prompts: somePrompts(),
  settings: someSettings(),
  alerts: someAlerts(),
});

export function learningDeeds(mock: MockProduct, on: (endpoint: unknown, deed: Route['deed']) => Route): Route[] {
  const targetIn = (given: unknown) => (given === 'churn' ? 'churn' : 'lead');
  const alertOf = ({ params }: Asked) => {
    const alert = mock.learning.alerts.find((one) => one.id === params['id']);
    if (!alert) throw new Refusing({ status: 404, code: 'churn_alert.unknown' });
    if (alert.state !== 'open') throw new Refusing({ status: 409, code: 'churn_alert.closed_already' });
    return alert;
  };
  const settings = () => mock.learning.settings;
  return [
    on(scoringModelApi.state, ({ query }) => mock.learning.states[targetIn(query['target'])]),
    on(scoringModelApi.train, ({ body }) => {
      const state = mock.learning.states[targetIn(body['target'])];
      if (state.outcomes < state.outcomesNeeded) return { state: 'too_few' };
      state.training = { ...state.training, state: 'running', done: 0, total: 0 };
      return { state: 'running' };
    }),
    on(scoringModelApi.promote, ({ params, body }) => {
      const state = Object.values(mock.learning.states).find((one) =>
        one.others.some((card) => card.id === params['id']),
      );
      const card = state?.others.find((one) => one.id === params['id']);
      if (!state || !card) throw new Refusing({ status: 404, code: 'scoring.model_unknown' });
      const before = state.champion;
      state.others = state.others.filter((one) => one !== card);
      if (before) state.others.unshift({ ...before, state: 'retired' });
      const decision = { at: new Date().toISOString(), outcome: 'by_hand' as const, gain: null, low: null, high: null };
      state.champion = {
        ...card,
        state: 'champion',
        decision: { ...decision, by: mock.me.name, reason: String(body['reason']) },
      };
      return state;
    }),
    on(scoringModelApi.choose, ({ body }) => {
      const state = mock.learning.states[targetIn(body['target'])];
      const modelOn = body['modelOn'] === true;
      return Object.assign(state, { modelOn, basis: modelOn && state.champion ? 'model' : 'rules' });
    }),
    on(usageApi.usage, () => mock.learning.usage),
    on(usageApi.runs, ({ query }) => {
      const found = mock.learning.runs.filter(
        ({ useCase, outcome }) =>
          (!query['useCase'] || useCase === query['useCase']) && (!query['outcome'] || outcome === query['outcome']),
      );
      const from = 1 + found.findIndex((run) => run.id === query['cursor']);
      const until = from + Number(query['limit'] ?? 50);
      return { items: found.slice(from, until), next: until < found.length ? (found[until - 1]?.id ?? null) : null };
    }),
    on(usageApi.prompts, () => ({ items: mock.learning.prompts })),
    on(usageApi.settings, settings),
    on(usageApi.saveSettings, ({ body }) => {
      const { reason, ...changed } = body;
      const change = { at: new Date().toISOString(), by: manager, what: 'hardYuan', to: String(body['hardYuan']) };
      settings().changes.unshift({ ...change, reason: String(reason) });
      return Object.assign(settings(), changed);
    }),
    on(conversationApi.editSource, ({ params, body }) => {
      const source = settings().sources.find((one) => one.id === params['id']);
      if (!source) throw new Refusing({ status: 404, code: 'chat_source.unknown' });
      Object.assign(source, body);
      return {
        ...source,
        gaps: 0,
        lost: 0,
        passedOver: { group: 0, internal: 0, refused: 0, other: 0 },
        updatedAt: new Date().toISOString(),
      };
    }),
    on(healthApi.alerts, ({ query }) => {
      const isOpen = query['state'] !== 'closed';
      const items = mock.learning.alerts.filter(({ state }) => (state === 'open') === isOpen);
      return { items, total: items.length, next: null };
    }),
    on(healthApi.close, (asked) =>
      Object.assign(alertOf(asked), {
        state: asked.body['state'],
        reason: asked.body['reason'] || null,
        closedAt: new Date().toISOString(),
        closedBy: { id: mock.me.id, name: mock.me.name },
      }),
    ),
  ];
}
