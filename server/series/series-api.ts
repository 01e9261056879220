import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { requestKey } from '#server/base/request-key.ts';

export const STEPS_MAX = 20;
export const seriesStates = ['draft', 'running', 'paused', 'ended'] as const;
export const runStates = ['running', 'paused', 'done', 'left'] as const;

/** What lets a contact in: coming into a segment after the series was started, or through a channel. */
export const seriesEntry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('segment'), segmentId: z.uuid() }),
  z.object({ kind: z.literal('channel'), channelId: z.uuid() }),
]);

/** Counted from the entry. Nothing is ever sent by itself: a message is proposed to the member. */
export const seriesStep = z.object({
  afterDays: z.int().min(0).max(365),
  /** At this time of the company's day. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('09:30'),
  /** not_replied: has not written since they came in, or since the step before. */
  when: z.enum(['always', 'not_replied']).default('always'),
  action: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('task'),
      title: z.string().trim().min(1).max(100),
      dueInDays: z.int().min(0).max(30).default(1),
    }),
    z.object({
      kind: z.literal('message'),
      text: z.string().trim().min(1).max(1000),
      materialId: z.uuid().nullable().default(null),
    }),
    z.object({ kind: z.literal('notice'), text: z.string().trim().min(1).max(300) }),
  ]),
});
export type SeriesStep = z.infer<typeof seriesStep>;
export type SeriesEntry = z.infer<typeof seriesEntry>;
export type SeriesState = (typeof seriesStates)[number];
export type RunState = (typeof runStates)[number];

const seriesDraft = z.object({
  name: z.string().trim().min(1).max(60),
  entry: seriesEntry,
  /** In order of time. */
  steps: z.array(seriesStep).min(1).max(STEPS_MAX),
  /** Leaves as soon as the contact writes. */
  endOnReply: z.boolean().default(false),
});

export const seriesView = seriesDraft.extend({
  id: z.uuid(),
  state: z.enum(seriesStates),
  entryName: z.string(),
  owner: person,
  version: z.int(),
  running: z.int(),
  done: z.int(),
  left: z.int(),
  updatedAt: z.iso.datetime(),
});
export type SeriesView = z.infer<typeof seriesView>;

export const runView = z.object({
  id: z.uuid(),
  series: z.object({ id: z.uuid(), name: z.string() }),
  contact: z.object({ id: z.uuid(), name: z.string() }),
  member: person,
  state: z.enum(runStates),
  step: z.int(),
  steps: z.array(seriesStep),
  enteredAt: z.iso.datetime(),
  nextAt: z.iso.datetime().nullable(),
  leftBecause: z.enum(['replied', 'opted_out', 'removed', 'ended', 'by_hand']).nullable(),
  history: z.array(
    z.object({
      step: z.int(),
      at: z.iso.datetime(),
      result: z.enum(['done', 'skipped']),
      reason: z.string().nullable(),
    }),
  ),
});
export type RunView = z.infer<typeof runView>;

const keepers = ['marketing', 'admin', 'manager', 'director'] as const;

export const seriesApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/series',
    summary: 'Series, last changed first',
    roles: keepers,
    answer: z.object({ items: z.array(seriesView) }),
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/series',
    summary: 'A new series, as a draft',
    roles: keepers,
    body: seriesDraft.extend({ requestKey }),
    answer: seriesView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/api/series/:id',
    summary: 'Changes a series; who is on the way goes on by the steps they came in with',
    roles: keepers,
    params: byId,
    body: seriesDraft.extend({ version: z.int() }),
    answer: seriesView,
  }),
  move: endpoint({
    method: 'POST',
    path: '/api/series/:id/state',
    summary: 'Starts, pauses or ends a series. Who is in the segment when it starts is not taken in',
    roles: keepers,
    params: byId,
    body: z.object({ state: z.enum(['running', 'paused', 'ended']) }),
    answer: seriesView,
  }),
  runs: endpoint({
    method: 'GET',
    path: '/api/series/:id/runs',
    summary: 'Who is on the way through a series, inside the caller’s scope',
    roles: keepers,
    params: byId,
    query: z.object({
      state: z.enum(runStates).optional(),
      after: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    answer: z.object({ items: z.array(runView), nextAfter: z.string().nullable() }),
  }),
  /** Beside the chat. */
  ofContact: endpoint({
    method: 'GET',
    path: '/api/contacts/:id/series',
    summary: 'The series a contact is or was in, with what each step did and why',
    params: byId,
    answer: z.object({ items: z.array(runView) }),
  }),
  moveRun: endpoint({
    method: 'POST',
    path: '/api/series-runs/:id/state',
    summary: 'Pauses, resumes or ends a series for one contact',
    params: byId,
    body: z.object({ state: z.enum(['running', 'paused', 'left']) }),
    answer: runView,
  }),
};
