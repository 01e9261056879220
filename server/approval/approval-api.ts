import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { requestKey } from '#server/base/request-key.ts';
import { factorView } from '#server/scoring/scoring-api.ts';

/**
 * What can be asked for, with what its effect needs to know. What each sets free is said in server/effects.ts; the unit of
 * `measure`, by which the bands of a policy go, is said here.
 */
export const approvalContents = {
  /** Measure: percent off the list price. */
  discount: z.object({ opportunityId: z.uuid(), discountBp: z.int().min(1).max(10_000), discountBpBefore: z.int() }),
  /** Measure: yuan of the deal. */
  contract_terms: z.object({ opportunityId: z.uuid(), terms: z.string().min(1).max(2000), termsBefore: z.string() }),
  /** Measure: contacts and customers that go over. */
  customer_transfer: z.object({ handoverId: z.uuid(), version: z.int() }),
  /** Measure: yuan of the deal. */
  stage_exception: z.object({
    opportunityId: z.uuid(),
    from: z.string(),
    to: z.string(),
    /** What the gate asks for and is not there. */
    missing: z.array(z.string()),
  }),
  /** Measure: hours it stays readable. */
  sensitive_reveal: z.object({ customerId: z.uuid(), field: z.enum(['phone']), hours: z.int().min(1).max(72) }),
  /** Measure: people who would get it. */
  broadcast: z.object({
    broadcastId: z.uuid(),
    contentHash: z.string(),
    recipientHash: z.string(),
    /** For whoever decides; null: as soon as it is approved. */
    sendAt: z.iso.datetime().nullable().optional(),
    /** How the text of the first variant begins. */
    text: z.string().optional(),
    attachments: z.int().optional(),
    variants: z.int().optional(),
    /** How many would be asked to send it. */
    members: z.int().optional(),
    holdOut: z.int().optional(),
  }),
} as const;
export type ApprovalKind = keyof typeof approvalContents;
export const approvalKinds = Object.keys(approvalContents) as [ApprovalKind, ...ApprovalKind[]];
export type ApprovalContent<Kind extends ApprovalKind> = z.infer<(typeof approvalContents)[Kind]>;

export const approvalStates = ['pending', 'approved', 'rejected', 'withdrawn', 'expired'] as const;
export const risks = ['low', 'medium', 'high'] as const;
export const seatStates = ['waiting', 'open', 'approved', 'rejected', 'passed_on', 'closed'] as const;
export const seatReasons = ['policy', 'delegate', 'escalated', 'transferred', 'fallback'] as const;
export const historyActions = [
  'requested',
  'approved_by_rule',
  'approved',
  'rejected',
  'withdrawn',
  'expired',
  'escalated',
  'transferred',
  'reminded',
  'question_asked',
  'question_answered',
  'changed',
  'commented',
  'attachment_added',
  'attachment_viewed',
  'effect_done',
  'effect_failed',
  'form_started',
  'form_failed',
] as const;

/** One line of what would change, in a form the screen can word. */
export const approvalChange = z.object({
  field: z.enum([
    'discount',
    'amount',
    'terms',
    'stage',
    'missing',
    'items',
    'field',
    'hours',
    'recipients',
    'held_out',
    'senders',
    'send_at',
    'text',
    'attachments',
  ]),
  format: z.enum(['percent', 'money', 'text', 'stage', 'count', 'time']),
  before: z.union([z.string(), z.number()]).nullable(),
  after: z.union([z.string(), z.number()]).nullable(),
});

export const seatView = z.object({
  member: person,
  state: z.enum(seatStates),
  because: z.enum(seatReasons),
  standsFor: person.nullable(),
  decidedAt: z.iso.datetime().nullable(),
  dueAt: z.iso.datetime().nullable(),
});

export const approvalView = z.object({
  id: z.uuid(),
  kind: z.enum(approvalKinds),
  state: z.enum(approvalStates),
  /** `form`: decided on the company's own form in the messenger. */
  mode: z.enum(['own', 'form']),
  title: z.string(),
  reason: z.string(),
  risk: z.enum(risks),
  requester: person,
  customer: person.nullable(),
  contact: person.nullable(),
  /** `opportunity:<id>`, `handover:<id>`, `customer:<id>` … */
  subject: z.string().nullable(),
  measure: z.number(),
  amountFen: z.int().nullable(),
  changes: z.array(approvalChange),
  /** In sequence; `level` is the one that is open. */
  levels: z.array(z.object({ of: z.enum(['any', 'all']), seats: z.array(seatView) })),
  level: z.int(),
  /** Of what is asked: send back the one that was read. */
  revision: z.int(),
  /** What the requester was asked and has not answered. */
  question: z.string().nullable(),
  attachmentCount: z.int(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  decidedAt: z.iso.datetime().nullable(),
  decidedBy: person.nullable(),
  /** Why it was rejected, in the decider's words. */
  verdict: z.string().nullable(),
  effect: z.enum(['none', 'waiting', 'done', 'failed']),
  /** What the caller may do with it now. */
  may: z.object({
    decide: z.boolean(),
    /** Without opening it. */
    decideInList: z.boolean(),
    withdraw: z.boolean(),
    remind: z.boolean(),
    transfer: z.boolean(),
    ask: z.boolean(),
    answer: z.boolean(),
    comment: z.boolean(),
  }),
});
export type ApprovalView = z.infer<typeof approvalView>;

export const approvalDetail = approvalView.extend({
  history: z.array(
    z.object({
      at: z.iso.datetime(),
      by: person.nullable(),
      action: z.enum(historyActions),
      text: z.string().nullable(),
      /** Whom it concerns: to whom it was passed on, who is asked as well. */
      to: z.array(person),
      revision: z.int(),
    }),
  ),
  attachments: z.array(
    z.object({ id: z.uuid(), name: z.string(), type: z.string(), bytes: z.int(), viewedByMe: z.boolean() }),
  ),
  copies: z.array(person),
  /** Beside it: only what the caller's scope or the request itself lets them see. */
  beside: z.object({
    customer: z
      .object({
        id: z.uuid(),
        name: z.string(),
        stage: z.string(),
        grade: z.string().nullable(),
        ownerName: z.string().nullable(),
      })
      .nullable(),
    score: z
      .object({ value: z.int(), topReasons: z.array(factorView.pick({ key: true, text: true, says: true })) })
      .nullable(),
    summary: z.object({ statements: z.array(z.string()), at: z.iso.datetime() }).nullable(),
  }),
});
export type ApprovalDetail = z.infer<typeof approvalDetail>;

const seen = z.object({ revision: z.int().min(1) });
const words = z.string().trim().min(1).max(500);

export const approvalApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/approvals',
    summary:
      'Approvals of a box: `pending` waits for the caller, `decided` was decided by them, `copied` is for their information, `mine` was asked by them; newest first, with how many wait in each',
    query: z.object({
      box: z.enum(['pending', 'decided', 'copied', 'mine']).default('pending'),
      kind: z.enum(approvalKinds).optional(),
      risk: z.enum(risks).optional(),
      state: z.enum(approvalStates).optional(),
      subject: z.string().max(100).optional(),
      after: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({
      items: z.array(approvalView),
      nextAfter: z.string().nullable(),
      counts: z.object({ pending: z.int(), copied: z.int(), mine: z.int() }),
    }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/approvals/:id',
    summary: 'One approval with its history, for whoever asked, decides, is copied or leads the requester',
    params: byId,
    answer: approvalDetail,
  }),
  preview: endpoint({
    method: 'POST',
    path: '/api/approvals/preview',
    summary: 'Who would decide a request of this measure by the caller; nothing is written',
    body: z.object({ kind: z.enum(approvalKinds), measure: z.number().nonnegative() }),
    answer: z.object({
      byRule: z.boolean(),
      risk: z.enum(risks),
      mode: z.enum(['own', 'form']),
      levels: z.array(z.object({ of: z.enum(['any', 'all']), members: z.array(person) })),
    }),
  }),
  requestReveal: endpoint({
    method: 'POST',
    path: '/api/approvals/reveal',
    summary: 'Ask to read a sensitive field of a customer in scope for some hours',
    body: z.object({
      customerId: z.uuid(),
      field: z.enum(['phone']),
      hours: z.int().min(1).max(72),
      reason: words,
      requestKey: z.uuid(),
    }),
    answer: approvalView,
    status: 201,
  }),
  decide: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/decide',
    summary: 'Approve, or reject with a reason; `revision` is the one that was read',
    params: byId,
    body: seen.extend({ decision: z.enum(['approve', 'reject']), reason: z.string().trim().max(500).optional() }),
    answer: approvalView,
  }),
  decideMany: endpoint({
    method: 'POST',
    path: '/api/approvals/decide',
    summary: 'Approve up to 20 of one kind and low risk; each answers for itself',
    body: z.object({
      kind: z.enum(approvalKinds),
      items: z
        .array(z.object({ id: z.uuid(), revision: z.int().min(1) }))
        .min(1)
        .max(20),
    }),
    answer: z.object({
      items: z.array(
        z.object({
          id: z.uuid(),
          approval: approvalView.nullable(),
          error: z.object({ code: z.string(), message: z.string() }).nullable(),
        }),
      ),
    }),
  }),
  withdraw: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/withdraw',
    summary: 'The requester takes it back',
    params: byId,
    body: z.object({}),
    answer: approvalView,
  }),
  remind: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/remind',
    summary: 'Whoever has not decided is told once more; once in 30 minutes',
    params: byId,
    body: z.object({}),
    answer: approvalView,
  }),
  transfer: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/transfer',
    summary: 'Whoever is asked passes it on to another member',
    params: byId,
    body: seen.extend({ toMemberId: z.uuid(), reason: z.string().trim().max(500).optional() }),
    answer: approvalView,
  }),
  ask: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/ask',
    summary: 'Whoever is asked wants to know more before deciding',
    params: byId,
    body: seen.extend({ question: words }),
    answer: approvalView,
  }),
  answer: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/answer',
    summary: 'The requester answers the question, and may say the reason anew: whoever decides reads it again',
    params: byId,
    body: z.object({ text: words, reason: z.string().trim().min(1).max(500).optional() }),
    answer: approvalView,
  }),
  comment: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/comments',
    summary: 'A word to everybody concerned',
    params: byId,
    body: z.object({ text: words, requestKey }),
    answer: approvalView,
  }),
  attach: endpoint({
    method: 'POST',
    path: '/api/approvals/:id/attachments',
    summary: 'A file to go with it: PDF, picture, text or office document, ≤ 700 KB, as base64',
    params: byId,
    body: z.object({
      name: z.string().trim().min(1).max(120),
      type: z.string().max(120),
      base64: z.base64().max(960_000),
      requestKey,
    }),
    answer: approvalView,
    status: 201,
  }),
  readAttachment: endpoint({
    method: 'GET',
    path: '/api/approvals/:id/attachments/:attachmentId',
    summary: 'The file as base64; that it was viewed is written down',
    params: z.object({ id: z.uuid(), attachmentId: z.uuid() }),
    answer: z.object({ name: z.string(), type: z.string(), base64: z.string() }),
  }),
};
