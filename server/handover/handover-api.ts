import { z } from 'zod';
import type { Role } from '#server/base/caller.ts';
import { endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';

export const handoverStates = ['draft', 'asked', 'rejected', 'running', 'done', 'partly', 'withdrawn'] as const;
export const itemKinds = ['contact', 'customer', 'opportunity', 'task', 'approval'] as const;
export const itemStates = ['planned', 'asking', 'waiting', 'done', 'refused', 'failed', 'kept'] as const;

/** Why something does not go over, or did not. The first ten are the platform's. */
export const itemReasons = [
  'unknown_contact',
  'not_followed',
  'under_way',
  'too_often',
  'taker_full',
  'taker_unready',
  'giver_here',
  'giver_blocked',
  'dormant',
  'other',
  /** The contact said no: they stay. */
  'refused_by_contact',
  'member_unknown',
  'right_missing',
  /** The platform keeps no record of what it took. */
  'no_record',
  'no_transfers',
  'giver_no_account',
  'taker_no_account',
  'taker_no_contacts',
  'taker_left',
  'contact_pending',
  'contact_removed',
  'not_givers',
  'in_other_handover',
  /** They would decide what they asked for themselves. */
  'own_request',
  'withdrawn',
] as const;
export type ItemReason = (typeof itemReasons)[number];

const counts = z.object({
  contact: z.int(),
  customer: z.int(),
  opportunity: z.int(),
  task: z.int(),
  approval: z.int(),
});
export type KindCounts = z.infer<typeof counts>;

export const handoverItem = z.object({
  id: z.uuid(),
  kind: z.enum(itemKinds),
  subjectId: z.uuid(),
  name: z.string(),
  /** Of what customer it is, where it is of one. */
  customerName: z.string().nullable(),
  to: person,
  state: z.enum(itemStates),
  reason: z.enum(itemReasons).nullable(),
  /** The platform's own, for whoever looks it up. */
  code: z.string().nullable(),
  attempts: z.int(),
  askedAt: z.iso.datetime().nullable(),
  doneAt: z.iso.datetime().nullable(),
});
export type HandoverItemView = z.infer<typeof handoverItem>;

export const handoverView = z.object({
  id: z.uuid(),
  from: person,
  /** The giver has left the company. */
  leaver: z.boolean(),
  state: z.enum(handoverStates),
  reason: z.string(),
  message: z.string(),
  createdBy: person,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  approvalId: z.uuid().nullable(),
  version: z.int(),
  /** What each taker gets. */
  takers: z.array(z.object({ member: person, counts })),
  counts,
  /** Items by state. */
  progress: z.record(z.enum(itemStates), z.int()),
  may: z.object({
    edit: z.boolean(),
    submit: z.boolean(),
    withdraw: z.boolean(),
    retry: z.boolean(),
  }),
});
export type HandoverView = z.infer<typeof handoverView>;

const id = z.uuid();
const subject = z.object({ kind: z.enum(itemKinds), id });

/** Who gets what. `spread`: shared evenly, and what belongs to one customer stays together. `hand`: only what is listed goes. */
export const planRule = z.discriminatedUnion('by', [
  z.object({ by: z.literal('one'), to: id }),
  z.object({ by: z.literal('spread'), to: z.array(id).min(1).max(50) }),
  z.object({
    by: z.literal('hand'),
    items: z
      .array(subject.extend({ to: id }))
      .min(1)
      .max(2000),
  }),
]);
export type PlanRule = z.infer<typeof planRule>;

const plan = z.object({
  fromMemberId: id,
  rule: planRule,
  kinds: z
    .array(z.enum(itemKinds))
    .min(1)
    .default([...itemKinds]),
});

export const planView = z.object({
  from: person,
  leaver: z.boolean(),
  takers: z.array(z.object({ member: person, counts })),
  counts,
  /** What cannot go, and why; of each reason the first hundred. */
  blocked: z.array(
    z.object({ kind: z.enum(itemKinds), id, name: z.string(), to: person, reason: z.enum(itemReasons) }),
  ),
  blockedCount: z.int(),
});
export type PlanView = z.infer<typeof planView>;

const roles: readonly Role[] = ['manager', 'director', 'admin'];
const byId = z.object({ id });
const some = z.object({ itemIds: z.array(id).min(1).max(2000).optional() });

export const handoverApi = {
  belongings: endpoint({
    method: 'GET',
    path: '/api/handovers/belongings',
    summary: 'What a member in scope has that can be handed over, and who among those in scope has left with something',
    roles,
    query: z.object({ memberId: id.optional() }),
    answer: z.object({
      counts: counts.nullable(),
      leavers: z.array(z.object({ member: person, leftAt: z.iso.datetime().nullable(), counts })),
    }),
  }),
  preview: endpoint({
    method: 'POST',
    path: '/api/handovers/preview',
    summary: 'Who would get what, what cannot go and why; nothing is written',
    roles,
    body: plan,
    answer: planView,
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/handovers',
    summary: 'Write the plan down as a draft; `requestKey` makes one of it however often it is sent',
    roles,
    body: plan.extend({
      reason: z.string().trim().min(1).max(500),
      /** What contacts are told, where the platform tells them. */
      message: z.string().trim().max(200).default(''),
      requestKey: z.uuid(),
    }),
    answer: handoverView,
    status: 201,
  }),
  list: endpoint({
    method: 'GET',
    path: '/api/handovers',
    summary: 'Hand-overs of members in scope, newest first',
    roles,
    query: z.object({
      state: z.enum(handoverStates).optional(),
      fromMemberId: id.optional(),
      after: id.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(handoverView), nextAfter: z.string().nullable() }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/handovers/:id',
    summary: 'One hand-over, with how far it is and what was done to it',
    roles,
    params: byId,
    answer: handoverView.extend({
      history: z.array(
        z.object({
          at: z.iso.datetime(),
          by: person.nullable(),
          action: z.string(),
          detail: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
  }),
  items: endpoint({
    method: 'GET',
    path: '/api/handovers/:id/items',
    summary: 'What goes over, by taker, kind and state; what cannot go says why',
    roles,
    params: byId,
    query: z.object({
      toMemberId: id.optional(),
      kind: z.enum(itemKinds).optional(),
      /** `open`: not settled yet; `trouble`: refused or failed. */
      state: z.enum([...itemStates, 'open', 'trouble']).optional(),
      after: id.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.object({ items: z.array(handoverItem), nextAfter: z.string().nullable() }),
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/api/handovers/:id',
    summary: 'Change a draft: its words, takers of single items, or leave items with the giver (`toMemberId` null)',
    roles,
    params: byId,
    body: z.object({
      version: z.int().min(1),
      reason: z.string().trim().min(1).max(500).optional(),
      message: z.string().trim().max(200).optional(),
      items: z
        .array(z.object({ id, toMemberId: id.nullable() }))
        .max(2000)
        .default([]),
    }),
    answer: handoverView,
  }),
  submit: endpoint({
    method: 'POST',
    path: '/api/handovers/:id/submit',
    summary: 'Ask for approval; it starts as soon as it is approved',
    roles,
    params: byId,
    body: z.object({ version: z.int().min(1) }),
    answer: handoverView,
  }),
  withdraw: endpoint({
    method: 'POST',
    path: '/api/handovers/:id/withdraw',
    summary:
      'Take it back, all of it or some items: what the platform has not taken stays with the giver, what moved here goes back',
    roles,
    params: byId,
    body: some,
    answer: handoverView,
  }),
  retry: endpoint({
    method: 'POST',
    path: '/api/handovers/:id/retry',
    summary: 'Try once more what was refused or failed, all of it or some items',
    roles,
    params: byId,
    body: some,
    answer: handoverView,
  }),
};
