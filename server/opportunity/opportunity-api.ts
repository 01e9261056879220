import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { givenDay } from '#server/base/given-time.ts';
import { requestKey } from '#server/base/request-key.ts';
import { approvalView } from '#server/approval/approval-api.ts';

/** 需求确认, 方案, 报价, 谈判, 赢单, 输单 */
export const opportunityStages = ['discovery', 'solution', 'quoted', 'negotiation', 'won', 'lost'] as const;
export type OpportunityStage = (typeof opportunityStages)[number];

/** What must be known before a stage is entered. */
export const gateFacts = ['need', 'budget', 'decision_maker', 'amount', 'expected_on', 'terms'] as const;
export type GateFact = (typeof gateFacts)[number];

/** Fen; up to ten billion yuan. */
const amount = z.int().min(0).max(1_000_000_000_000);

export const opportunityView = z.object({
  id: z.uuid(),
  customer: person,
  contact: person.nullable(),
  owner: person,
  title: z.string(),
  amountFen: z.int().nullable(),
  discountBp: z.int(),
  /** After the discount. */
  netAmountFen: z.int().nullable(),
  stage: z.enum(opportunityStages),
  stageAt: z.iso.datetime(),
  /** Days in its stage, for what stalls. */
  stageDays: z.int(),
  expectedOn: z.iso.date().nullable(),
  outcome: z.string().nullable(),
  /** What is known of what the gates ask for, in the rep's words. */
  facts: z.object({
    need: z.string().nullable(),
    budget: z.string().nullable(),
    decisionMaker: z.string().nullable(),
    terms: z.string().nullable(),
  }),
  /** For each stage it could move to: what is still missing; [] is open. */
  gates: z.array(z.object({ stage: z.enum(opportunityStages), missing: z.array(z.enum(gateFacts)) })),
  /** The newest request about it, so that its chip can follow. */
  approval: approvalView.nullable(),
  version: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type OpportunityView = z.infer<typeof opportunityView>;

const draft = z.object({
  title: z.string().trim().min(1).max(120),
  amountFen: amount.nullable().optional(),
  expectedOn: givenDay.nullable().optional(),
  need: z.string().trim().max(500).nullable().optional(),
  budget: z.string().trim().max(200).nullable().optional(),
  decisionMaker: z.string().trim().max(200).nullable().optional(),
  terms: z.string().trim().max(2000).nullable().optional(),
});

const seen = z.object({ version: z.int().min(1) });
const reason = z.string().trim().min(1).max(500);
/** Made by the client for one press: pressing again asks for the same thing. */
const askKey = z.uuid();

export const opportunityApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/opportunities',
    summary: 'Opportunities of customers in scope, last changed first',
    query: z.object({
      customerId: z.uuid().optional(),
      ownerId: z.uuid().optional(),
      stage: z.enum(opportunityStages).optional(),
      /** Open, and in its stage for more than seven days. */
      stalled: z.stringbool().or(z.boolean()).optional(),
      after: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(opportunityView), nextAfter: z.string().nullable() }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/opportunities/:id',
    summary: 'One opportunity with what was done to it',
    params: byId,
    answer: opportunityView.extend({
      changes: z.array(
        z.object({
          at: z.iso.datetime(),
          by: z.string().nullable(),
          approvalId: z.uuid().nullable(),
          field: z.string(),
          before: z.unknown(),
          after: z.unknown(),
        }),
      ),
    }),
  }),
  prefill: endpoint({
    method: 'GET',
    path: '/api/opportunities/prefill',
    summary: 'What the newest summary with a contact says of a sale, with its quotes; nothing is written',
    query: z.object({ contactId: z.uuid() }),
    answer: z.object({
      title: z.string().nullable(),
      amountFen: z.int().nullable(),
      expectedOn: z.iso.date().nullable(),
      need: z.string().nullable(),
      budget: z.string().nullable(),
      decisionMaker: z.string().nullable(),
      /** By field: the words of the chat it rests on. */
      quotes: z.record(z.string(), z.object({ messageId: z.uuid(), quote: z.string() })),
    }),
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/opportunities',
    summary: 'A new opportunity of a customer in scope; the caller owns it',
    body: draft.extend({ customerId: z.uuid(), contactId: z.uuid().nullable().optional(), requestKey }),
    answer: opportunityView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/api/opportunities/:id',
    summary: 'Change fields; `version` is the one that was read',
    params: byId,
    body: seen.extend(draft.partial().shape),
    answer: opportunityView,
  }),
  move: endpoint({
    method: 'POST',
    path: '/api/opportunities/:id/stage',
    summary:
      'Move to another stage. Where the gate is shut: 409 `opportunity.gate` with what is missing, or with `exceptionReason` an approval is asked for',
    params: byId,
    body: seen.extend({
      stage: z.enum(opportunityStages),
      /** Why won or lost; needed for both. */
      outcome: z.string().trim().min(1).max(500).optional(),
      exceptionReason: reason.optional(),
      requestKey: askKey.optional(),
    }),
    answer: opportunityView,
  }),
  requestDiscount: endpoint({
    method: 'POST',
    path: '/api/opportunities/:id/discount',
    summary: 'Ask for a discount; granted at once where the policy says so',
    params: byId,
    body: z.object({ discountBp: z.int().min(1).max(10_000), reason, requestKey: askKey }),
    answer: opportunityView,
    status: 201,
  }),
  requestTerms: endpoint({
    method: 'POST',
    path: '/api/opportunities/:id/terms',
    summary: 'Ask for contract terms other than the usual ones',
    params: byId,
    body: z.object({ terms: z.string().trim().min(1).max(2000), reason, requestKey: askKey }),
    answer: opportunityView,
    status: 201,
  }),
};
