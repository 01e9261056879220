import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { givenTime } from '#server/base/given-time.ts';
import { requestKey } from '#server/base/request-key.ts';

export const taskStates = ['proposed', 'open', 'done', 'cancelled', 'dismissed'] as const;

export const taskView = z.object({
  id: z.uuid(),
  title: z.string(),
  state: z.enum(taskStates),
  contact: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  customer: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  assignee: z.object({ id: z.uuid(), name: z.string() }),
  dueAt: z.iso.datetime().nullable(),
  overdue: z.boolean(),
  /** The promise it was born from, in the words of the chat. */
  quote: z.string().nullable(),
  messageId: z.uuid().nullable(),
  doneAt: z.iso.datetime().nullable(),
  version: z.int(),
});
export type TaskView = z.infer<typeof taskView>;

const seen = z.object({ version: z.int().min(1) });

export const taskApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/tasks',
    summary: 'Tasks of members in scope, soonest due first; `overdue` for those past their time',
    query: z.object({
      contactId: z.uuid().optional(),
      customerId: z.uuid().optional(),
      assigneeId: z.uuid().optional(),
      state: z.enum(taskStates).optional(),
      due: z.enum(['overdue', 'today', 'later']).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.object({ items: z.array(taskView) }),
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/tasks',
    summary: 'A task for oneself or for a member in scope',
    body: z.object({
      title: z.string().trim().min(1).max(200),
      contactId: z.uuid().optional(),
      customerId: z.uuid().optional(),
      assigneeId: z.uuid().optional(),
      dueAt: givenTime.nullable().optional(),
      requestKey,
    }),
    answer: taskView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/api/tasks/:id',
    summary: 'Change title, due time or assignee',
    params: byId,
    body: seen.extend({
      title: z.string().trim().min(1).max(200).optional(),
      dueAt: givenTime.nullable().optional(),
      assigneeId: z.uuid().optional(),
    }),
    answer: taskView,
  }),
  accept: endpoint({
    method: 'POST',
    path: '/api/tasks/:id/accept',
    summary: 'Take a proposed task',
    params: byId,
    body: seen,
    answer: taskView,
  }),
  dismiss: endpoint({
    method: 'POST',
    path: '/api/tasks/:id/dismiss',
    summary: 'Drop a proposed task; it is not proposed again',
    params: byId,
    body: seen,
    answer: taskView,
  }),
  complete: endpoint({
    method: 'POST',
    path: '/api/tasks/:id/complete',
    summary: 'Done',
    params: byId,
    body: seen,
    answer: taskView,
  }),
  reopen: endpoint({
    method: 'POST',
    path: '/api/tasks/:id/reopen',
    summary: 'Not done after all',
    params: byId,
    body: seen,
    answer: taskView,
  }),
  snooze: endpoint({
    method: 'POST',
    path: '/api/tasks/:id/snooze',
    summary: 'Move the due time',
    params: byId,
    body: seen.extend({ until: givenTime }),
    answer: taskView,
  }),
  cancel: endpoint({
    method: 'POST',
    path: '/api/tasks/:id/cancel',
    summary: 'No longer needed',
    params: byId,
    body: seen,
    answer: taskView,
  }),
};
