import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { factorView } from '#server/scoring/scoring-api.ts';

/** `unknown`: too little is known to say. */
export const healthLevels = ['good', 'watch', 'risk', 'unknown'] as const;

export const healthView = z.object({
  contactId: z.uuid(),
  level: z.enum(healthLevels),
  /** 0–100, how likely the customer is lost; null while unknown. The factors add up to it. */
  risk: z.int().min(0).max(100).nullable(),
  basis: z.enum(['rules', 'model']),
  factors: z.array(factorView),
  at: z.iso.datetime(),
});
export type HealthView = z.infer<typeof healthView>;

export const churnAlert = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  contact: person.extend({ platform: z.string(), key: z.string() }),
  customer: person.nullable(),
  owner: person.nullable(),
  risk: z.int(),
  /** The three that weigh most. */
  factors: z.array(factorView),
  state: z.enum(['open', 'done', 'dismissed', 'over']),
  closedAt: z.iso.datetime().nullable(),
  closedBy: person.nullable(),
  reason: z.string().nullable(),
});
export type ChurnAlert = z.infer<typeof churnAlert>;

export const healthApi = {
  alerts: endpoint({
    method: 'GET',
    path: '/api/churn-alerts',
    summary: 'Customers about to be lost, the likeliest first',
    query: z.object({
      state: z.enum(['open', 'closed']).default('open'),
      contactId: z.uuid().optional(),
      cursor: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
    answer: z.object({ items: z.array(churnAlert), total: z.int(), next: z.string().nullable() }),
  }),
  close: endpoint({
    method: 'POST',
    path: '/api/churn-alerts/:id/close',
    summary: 'Say what was done about it, or that it was no alarm',
    params: byId,
    body: z.object({ state: z.enum(['done', 'dismissed']), reason: z.string().trim().max(200).default('') }),
    answer: churnAlert,
  }),
};
