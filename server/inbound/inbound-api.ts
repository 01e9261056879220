import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';

export const inboundStates = ['waiting', 'handled', 'ignored', 'dead'] as const;

export const inboundEventView = z.object({
  id: z.string(),
  platform: z.string(),
  kind: z.string(),
  subject: z.string(),
  state: z.enum(inboundStates),
  attempts: z.int(),
  lastError: z.string().nullable(),
  occurredAt: z.iso.datetime(),
  receivedAt: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().nullable(),
  handledAt: z.iso.datetime().nullable(),
});
export type InboundEventView = z.infer<typeof inboundEventView>;

export const syncRunView = z.object({
  id: z.uuid(),
  platform: z.string(),
  kind: z.enum(['members', 'contacts', 'tags', 'reconcile']),
  state: z.enum(['running', 'done', 'failed']),
  done: z.int(),
  total: z.int().nullable(),
  repaired: z.int(),
  lastError: z.string().nullable(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type SyncRunView = z.infer<typeof syncRunView>;

/** A bigint of PostgreSQL. */
const rowId = z.string().regex(/^\d{1,18}$/);

export const inboundApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/inbound',
    summary: 'What platforms told us, newest first, with counts by state',
    roles: ['admin'],
    query: z.object({
      state: z.enum(inboundStates).optional(),
      kind: z.string().optional(),
      before: rowId.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({
      items: z.array(inboundEventView),
      counts: z.record(z.enum(inboundStates), z.int()),
      nextBefore: z.string().nullable(),
    }),
  }),
  replay: endpoint({
    method: 'POST',
    path: '/api/inbound/:id/replay',
    summary: 'Handle a dead, handled or ignored event once more',
    roles: ['admin'],
    params: z.object({ id: rowId }),
    answer: inboundEventView,
  }),
  replayDead: endpoint({
    method: 'POST',
    path: '/api/inbound/replay-dead',
    summary: 'Handle every dead event once more',
    roles: ['admin'],
    answer: z.object({ replayed: z.int() }),
  }),
  syncRuns: endpoint({
    method: 'GET',
    path: '/api/sync-runs',
    summary: 'How far the syncs are',
    roles: ['admin'],
    answer: z.object({ items: z.array(syncRunView) }),
  }),
  startSync: endpoint({
    method: 'POST',
    path: '/api/sync-runs',
    summary: 'Start a sync, or go on with the one that stopped',
    roles: ['admin'],
    body: z.object({ platform: z.string(), kind: z.enum(['members', 'contacts', 'tags', 'reconcile']) }),
    answer: syncRunView,
    status: 202,
  }),
};
