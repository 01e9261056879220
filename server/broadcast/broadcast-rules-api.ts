import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { marketers } from '#server/segment/segment-api.ts';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
/** What the company's messenger allows, and what the company allows itself. */
export const broadcastRules = z.object({
  /** The platform's: at most so many broadcasts reach a contact; null: no such cap. `days`: as many as the month has. */
  perDay: z.int().min(1).max(100).nullable(),
  /** Monday to Sunday. */
  perWeek: z.int().min(1).max(100).nullable(),
  perMonth: z.union([z.int().min(1).max(100), z.literal('days')]).nullable(),
  /** Our own: at most `max` in any `days` days. */
  fatigue: z.object({ max: z.int().min(1).max(100), days: z.int().min(1).max(90) }).nullable(),
  /** Nothing leaves between these times of the company; over midnight when `from` is later than `to`. */
  quiet: z.object({ from: clock, to: clock }).nullable(),
  /** Days a member has to confirm. */
  confirmDays: z.int().min(1).max(14),
  /** Days in which a reply or a deal counts. */
  windowDays: z.int().min(1).max(90),
});
export type BroadcastRules = z.infer<typeof broadcastRules>;

export const broadcastRulesApi = {
  read: endpoint({
    method: 'GET',
    path: '/api/settings/broadcast-rules',
    summary: 'Caps, fatigue and quiet hours',
    roles: marketers,
    answer: broadcastRules,
  }),
  save: endpoint({
    method: 'PUT',
    path: '/api/settings/broadcast-rules',
    summary: 'Caps, fatigue and quiet hours',
    roles: ['admin'],
    body: broadcastRules,
    answer: broadcastRules,
  }),
};
