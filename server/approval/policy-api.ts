import { z } from 'zod';
import { roles } from '#server/base/caller.ts';
import { endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { approvalKinds, risks } from './approval-api.ts';

/** Who may decide a level. `line`: leaders of the requester's department and of those above it, `step` 1 being the nearest. */
export const approverRule = z.discriminatedUnion('by', [
  z.object({ by: z.literal('line'), step: z.int().min(1).max(5) }),
  z.object({ by: z.literal('role'), role: z.enum(roles) }),
  z.object({ by: z.literal('members'), ids: z.array(z.uuid()).min(1).max(20) }),
]);
export const policyLevel = z.object({
  who: approverRule,
  of: z.enum(['any', 'all']),
  /** After this long somebody above is asked as well; null: never. */
  escalateAfterMinutes: z.number().positive().max(43_200).nullable(),
});
export const policyBand = z.object({
  /** Up to this measure, inclusive; null for all that is left. */
  upTo: z.number().nonnegative().nullable(),
  risk: z.enum(risks),
  /** In sequence; [] approves by rule. */
  levels: z.array(policyLevel).max(5),
});
export const approvalPolicy = z.object({
  mode: z.enum(['own', 'form']),
  /** The template on the messenger that decides, and which of its labels takes what; needed where mode is `form`. */
  form: z
    .object({
      platform: z.string(),
      template: z.string().min(1).max(200),
      labels: z.object({
        /** Must be there: it is how a form is found again. */
        number: z.string().min(1),
        title: z.string().optional(),
        customer: z.string().optional(),
        amount: z.string().optional(),
        measure: z.string().optional(),
        reason: z.string().optional(),
      }),
    })
    .nullable(),
  /** Rising; the last one has `upTo` null, or what is beyond is refused. */
  bands: z.array(policyBand).min(1).max(10),
  /** Who is asked where a level finds nobody, or only the requester. */
  fallback: z.array(z.uuid()).max(5),
  copies: z.array(z.uuid()).max(20),
  expireAfterHours: z.int().min(1).max(2160).nullable(),
});
export type ApprovalPolicy = z.infer<typeof approvalPolicy>;

export const policyView = z.object({
  kind: z.enum(approvalKinds),
  policy: approvalPolicy,
  /** Whom it names, left or not. */
  members: z.array(person),
  /** 0 while it is the one the product comes with. */
  version: z.int(),
  updatedAt: z.iso.datetime().nullable(),
});

export const policyApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/approval-policies',
    summary: 'Who decides what',
    answer: z.object({ items: z.array(policyView) }),
  }),
  save: endpoint({
    method: 'PUT',
    path: '/api/approval-policies/:kind',
    summary: 'Change who decides a kind, from the next request on; `version` is the one that was read',
    roles: ['admin'],
    params: z.object({ kind: z.enum(approvalKinds) }),
    body: z.object({ version: z.int().min(0), policy: approvalPolicy }),
    answer: policyView,
  }),
};
