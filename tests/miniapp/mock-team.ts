import { opportunityApi, type OpportunityView } from '#server/opportunity/opportunity-api.ts';
import { taskApi, type TaskView } from '#server/task/task-api.ts';
import { teamApi } from '#server/team/team-api.ts';
import { id, manager, Refusing, rep, type Route } from './mock-part.ts';

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
const other = { id: id(4), name: '孙倩' };

export function someDeals(): OpportunityView[] {
  const deal = (n: number, changes: Partial<OpportunityView>): OpportunityView => ({
    id: id(n),
    customer: { id: id(20), name: '苏州恒达精密机械有限公司' },
    contact: null,
    owner: rep,
    title: '50 人版 三年',
    amountFen: 1_280_000,
    discountBp: 500,
    netAmountFen: 1_216_000,
    stage: 'quoted',
    stageAt: inHours(-24 * 9),
    stageDays: 9,
    expectedOn: '2026-12-15',
    outcome: null,
    facts: { need: null, budget: null, decisionMaker: null, terms: null },
    gates: [],
    approval: null,
    version: 1,
    createdAt: inHours(-24 * 20),
    updatedAt: inHours(-2),
    ...changes,
  });
  return [
    deal(600, {}),
    deal(601, { title: '年度续费', stage: 'negotiation', stageDays: 2, owner: other }),
    deal(602, {
      title: '新建产线',
      stage: 'discovery',
      stageDays: 0,
      createdAt: inHours(-0.01),
      updatedAt: inHours(-0.01),
    }),
    deal(603, { title: '外地分公司', stage: 'solution', netAmountFen: null, stageDays: 12 }),
  ];
}

export function someLateTasks(): TaskView[] {
  return [
    {
      id: id(310),
      title: '答复优惠与交期',
      state: 'open',
      contact: { id: id(10), name: '陈小燕' },
      customer: { id: id(20), name: '苏州恒达精密机械有限公司' },
      assignee: rep,
      dueAt: inHours(-26),
      overdue: true,
      quote: '周五前给您答复',
      messageId: null,
      doneAt: null,
      version: 2,
    },
  ];
}

export function teamDeeds(
  mock: { me: { id: string }; view: { tasks: TaskView[] }; closedSales: OpportunityView[] },
  on: (endpoint: unknown, deed: Route['deed']) => Route,
): Route[] {
  const deals = someDeals();
  const tasks = someLateTasks();
  const followUp = { silentDays: { A: 7, B: 14, C: 30, D: 60 }, digest: { enabled: true, hour: 9 } };
  const stages = ['discovery', 'solution', 'quoted', 'negotiation', 'won', 'lost'];
  return [
    on(opportunityApi.list, ({ query }) => ({
      items: (query['customerId'] ? mock.closedSales : deals).filter(
        ({ stage, owner }) =>
          (!query['stage'] || stage === query['stage']) && (!query['ownerId'] || owner.id === query['ownerId']),
      ),
      nextAfter: null,
    })),
    on(teamApi.summary, () => ({ overdueTasks: 5, newOpportunities: 2, overduePromises: 1, silentCustomers: 3 })),
    on(teamApi.pipeline, () => ({
      stages: stages.map((stage, index) => ({
        stage,
        count: [14, 9, 7, 3, 5, 2][index],
        sumFen: [8_400_000, 6_100_000, 12_900_000, 5_600_000, 9_800_000, 0][index],
        stalled: [0, 2, 3, 0, 0, 0][index],
      })),
    })),
    on(teamApi.reps, () => ({
      items: [rep, other].map((member, index) => ({
        member: { ...member, avatar: null },
        customers: 42 - index,
        openOpportunities: 12,
        openSumFen: 15_800_000,
        overdueTasks: index === 0 ? 3 : 0,
        overduePromises: index === 0 ? 1 : 0,
        silentCustomers: 2,
        sidebarDays: 5 - index * 4,
        suggestionsUsed: 17,
        tasksDone: 9,
      })),
    })),
    on(teamApi.silent, () => ({
      items: [
        {
          customer: { id: id(20), name: '苏州恒达精密机械有限公司', grade: 'B' },
          owner: rep,
          lastContactAt: inHours(-24 * 21),
          days: 21,
          daysMax: 14,
          remindedAt: null,
        },
      ],
      nextAfter: null,
    })),
    on(teamApi.remind, ({ body }) => {
      if (body['about'] === 'customer') throw new Refusing({ status: 429, code: 'team.reminded' });
      return { to: rep, text: '「答复优惠与交期」已逾期，请今天处理。', remindedAt: new Date().toISOString() };
    }),
    on(teamApi.readSetting, () => followUp),
    on(teamApi.saveSetting, ({ body }) => Object.assign(followUp, body)),
    on(taskApi.list, ({ query }) => ({ items: query['assigneeId'] === mock.me.id ? mock.view.tasks : tasks })),
    on(taskApi.edit, ({ params, body }) => {
      const task = tasks.find((one) => one.id === params['id']);
      if (!task) throw new Refusing({ status: 404, code: 'task.unknown' });
      const assignee = [rep, other, manager].find((one) => one.id === body['assigneeId']) ?? rep;
      return Object.assign(task, { assignee, version: task.version + 1 });
    }),
  ];
}
