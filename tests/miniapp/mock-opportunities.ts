import type { z } from 'zod';
import type { ApprovalDetail } from '#server/approval/approval-api.ts';
import { opportunityApi, type OpportunityView } from '#server/opportunity/opportunity-api.ts';
import { someApproval } from './mock-approvals.ts';
import { Refusing, rep, type Asked, type Route } from './mock-part.ts';
import type { MockProduct } from './mock-product.ts';

type On = (endpoint: unknown, deed: Route['deed']) => Route;
export type Prefill = z.output<typeof opportunityApi.prefill.answer>;

const DAY_MS = 86_400_000;
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
/** A day far enough ahead not to be over when the tests run. */
const dayAhead = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

/** A quoted sale of the customer of someView(), with all that the next stage asks for but the day. */
export function someSale(changes: Partial<OpportunityView> = {}): OpportunityView {
  return {
    id: id(600),
    customer: { id: id(20), name: '苏州恒达精密机械有限公司' },
    contact: { id: id(10), name: '陈小燕' },
    owner: rep,
    title: '恒达精密 50 人版',
    amountFen: 1_280_000,
    discountBp: 0,
    netAmountFen: 1_280_000,
    stage: 'quoted',
    stageAt: daysAgo(2),
    stageDays: 2,
    expectedOn: null,
    outcome: null,
    facts: { need: '50 人版', budget: '一万出头', decisionMaker: '刘总', terms: null },
    gates: [
      { stage: 'discovery', missing: [] },
      { stage: 'solution', missing: [] },
      { stage: 'negotiation', missing: ['expected_on'] },
      { stage: 'won', missing: [] },
      { stage: 'lost', missing: [] },
    ],
    approval: null,
    version: 3,
    createdAt: daysAgo(20),
    updatedAt: daysAgo(2),
    ...changes,
  };
}

export const noPrefill = (): Prefill => ({
  title: null,
  amountFen: null,
  expectedOn: null,
  need: null,
  budget: null,
  decisionMaker: null,
  quotes: {},
});

export function somePrefill(): Prefill {
  const quote = { messageId: id(200), quote: '50 人版一年多少钱' };
  return {
    ...noPrefill(),
    title: '50 人版',
    need: '50 人版，按年付',
    amountFen: 1_280_000,
    expectedOn: dayAhead(30),
    quotes: {
      title: quote,
      need: quote,
      amountFen: { messageId: id(201), quote: '标准价 12,800 元/年' },
      expectedOn: { messageId: id(202), quote: '下个月要定下来' },
    },
  };
}

/** As the requester sees it. */
export function ownRequest(changes: Partial<ApprovalDetail> = {}): ApprovalDetail {
  const { may } = someApproval(730);
  return someApproval(730, {
    title: '苏州恒达精密机械有限公司 · 恒达精密 50 人版',
    reason: '对手报价更低',
    may: {
      ...may,
      decide: false,
      decideInList: false,
      transfer: false,
      ask: false,
      withdraw: true,
      remind: true,
      comment: true,
    },
    ...changes,
  });
}

export function opportunityDeeds(mock: MockProduct, on: On): Route[] {
  const saleOf = ({ params }: Asked) => {
    const sale = mock.view.opportunities.find((one) => one.id === params['id']);
    if (!sale) throw new Refusing({ status: 404, code: 'opportunity.unknown' });
    return sale;
  };
  const change = (asked: Asked, changes: object) =>
    Object.assign(saleOf(asked), changes, { version: saleOf(asked).version + 1 });
  const request = (asked: Asked, changes: Partial<ApprovalDetail>) => {
    const approval = ownRequest({ reason: String(asked.body['reason']), ...changes });
    mock.approvals.all.push(approval);
    return Object.assign(saleOf(asked), { approval });
  };
  return [
    on(opportunityApi.prefill, () => mock.prefill),
    on(opportunityApi.read, (asked) => ({
      ...saleOf(asked),
      changes: [
        { at: daysAgo(1), by: rep.name, approvalId: id(730), field: 'discountBp', before: 0, after: 1500 },
        { at: daysAgo(2), by: rep.name, approvalId: null, field: 'stage', before: 'solution', after: 'quoted' },
        { at: daysAgo(3), by: rep.name, approvalId: null, field: 'amountFen', before: null, after: 1_280_000 },
      ],
    })),
    on(opportunityApi.create, ({ body }) => {
      const { title, amountFen = null, expectedOn = null, need = null, budget = null, decisionMaker = null } = body;
      const facts = { need, budget, decisionMaker, terms: null } as OpportunityView['facts'];
      const sale = someSale({ id: id(601), stage: 'discovery', stageDays: 0, version: 1, facts });
      Object.assign(sale, { title, amountFen, netAmountFen: amountFen, expectedOn });
      mock.view.opportunities.unshift(sale);
      return sale;
    }),
    on(opportunityApi.edit, (asked) => {
      const { version: _, amountFen, ...rest } = asked.body;
      return change(asked, { ...rest, ...(amountFen === undefined ? {} : { amountFen, netAmountFen: amountFen }) });
    }),
    on(opportunityApi.move, (asked) => {
      const { stage, outcome = null, exceptionReason } = asked.body;
      if (exceptionReason === undefined) return change(asked, { stage, outcome, stageDays: 0 });
      return request(asked, { kind: 'stage_exception', reason: String(exceptionReason), changes: [] });
    }),
    on(opportunityApi.requestDiscount, (asked) =>
      request(asked, {
        measure: Number(asked.body['discountBp']) / 100,
        changes: [{ field: 'discount', format: 'percent', before: 0, after: Number(asked.body['discountBp']) / 100 }],
      }),
    ),
    on(opportunityApi.requestTerms, (asked) => request(asked, { kind: 'contract_terms', changes: [] })),
  ];
}
