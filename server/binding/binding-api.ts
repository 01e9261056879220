import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { requestKey } from '#server/base/request-key.ts';
import { customerDraft, customerView } from '#server/customer/customer-api.ts';

export const bindingRoles = ['decision_maker', 'user', 'influencer', 'buyer', 'other'] as const;

/** Why a customer is proposed for a contact. The points add up to the candidate's. */
export const bindingReason = z.object({
  rule: z.enum(['union_key', 'phone', 'corp_name', 'corp_name_alike', 'remark', 'same_follower', 'by_hand']),
  /** The name it rests on: of a contact, a company, a customer as the remark has it, or a member. */
  name: z.string().nullable(),
  points: z.int(),
});

export const bindingCandidate = z.object({
  customer: z.object({ id: z.uuid(), name: z.string(), kind: z.string(), ownerName: z.string().nullable() }),
  points: z.int(),
  reasons: z.array(bindingReason),
});
export type BindingCandidate = z.infer<typeof bindingCandidate>;

export const bindingView = z.object({
  customer: customerView,
  role: z.enum(bindingRoles),
  reasons: z.array(bindingReason),
  madeBy: z.string().nullable(),
  madeAt: z.iso.datetime(),
});
export type BindingView = z.infer<typeof bindingView>;

export const bindingChangeView = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  action: z.enum(['bound', 'unbound', 'role_changed']),
  customerId: z.uuid(),
  customerName: z.string(),
  role: z.enum(bindingRoles),
  by: z.string().nullable(),
  canUndo: z.boolean(),
});

const contactId = z.uuid();

export const bindingApi = {
  candidates: endpoint({
    method: 'GET',
    path: '/api/bindings/candidates',
    summary: 'Customers this contact may belong to, best first, with reasons',
    query: z.object({ contactId, search: z.string().trim().max(60).optional() }),
    answer: z.object({ items: z.array(bindingCandidate) }),
  }),
  bind: endpoint({
    method: 'POST',
    path: '/api/bindings',
    summary: 'Bind a contact to a customer',
    body: z.object({ contactId, customerId: z.uuid(), role: z.enum(bindingRoles).default('other') }),
    answer: bindingView,
    status: 201,
  }),
  createAndBind: endpoint({
    method: 'POST',
    path: '/api/bindings/with-new-customer',
    summary: 'Create a customer and bind the contact to it',
    body: z.object({ contactId, customer: customerDraft, role: z.enum(bindingRoles).default('other'), requestKey }),
    answer: bindingView,
    status: 201,
  }),
  changeRole: endpoint({
    method: 'PATCH',
    path: '/api/bindings/:contactId/:customerId',
    summary: 'Change the role',
    params: z.object({ contactId, customerId: z.uuid() }),
    body: z.object({ role: z.enum(bindingRoles) }),
    answer: bindingView,
  }),
  unbind: endpoint({
    method: 'DELETE',
    path: '/api/bindings/:contactId/:customerId',
    summary: 'Unbind; can be undone',
    params: z.object({ contactId, customerId: z.uuid() }),
    answer: z.object({ changeId: z.string() }),
  }),
  history: endpoint({
    method: 'GET',
    path: '/api/bindings/history',
    summary: 'What was bound and unbound, newest first',
    query: z.object({ contactId }),
    answer: z.object({ items: z.array(bindingChangeView) }),
  }),
  undo: endpoint({
    method: 'POST',
    path: '/api/bindings/history/:id/undo',
    summary: 'Take a change back',
    params: z.object({ id: z.string().regex(/^\d{1,18}$/) }),
    answer: z.object({}),
  }),
};
