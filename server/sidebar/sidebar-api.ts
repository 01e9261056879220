import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { bindingCandidate, bindingView } from '#server/binding/binding-api.ts';
import { contactView } from '#server/contact/contact-api.ts';
import { customerView } from '#server/customer/customer-api.ts';
import { healthView } from '#server/health/health-api.ts';
import { opportunityView } from '#server/opportunity/opportunity-api.ts';
import { scoreView } from '#server/scoring/scoring-api.ts';
import { summaryState, summaryView } from '#server/summary/summary-api.ts';
import { taskView } from '#server/task/task-api.ts';

/** Why that is the next action; the screen has the words. */
export const actionReasons = [
  'overdue',
  'due_today',
  'due_soon',
  'promised',
  /** A series proposes it. */
  'planned',
  'unanswered',
  'unbound',
  'suggested',
  'unknown_facts',
  'nothing_owed',
] as const;

/** What to do with this customer now: the soonest thing owed, and why. */
export const nextAction = z.object({
  kind: z.enum(['task', 'promise', 'reply', 'bind', 'suggestion', 'ask', 'none']),
  /** The task's or the suggestion's own words; null where the screen has them by `kind`. */
  title: z.string().nullable(),
  reason: z.enum(actionReasons),
  /** The words of the chat it rests on. */
  quote: z.string().nullable(),
  /** What is still unknown, for `ask`. */
  facts: z.array(z.enum(['need', 'budget', 'decision_maker'])),
  /** When it is due, or since when the contact waits for an answer. */
  at: z.iso.datetime().nullable(),
  taskId: z.uuid().nullable(),
});
export type NextAction = z.infer<typeof nextAction>;

export const sidebarView = z.object({
  contact: contactView,
  /** The customer the contact is bound to; the first of `bindings`. */
  customer: customerView.nullable(),
  bindings: z.array(bindingView),
  candidates: z.array(bindingCandidate),
  score: scoreView.nullable(),
  health: healthView.nullable(),
  summary: summaryView.nullable(),
  summaryState,
  nextAction,
  tasks: z.array(taskView),
  /** Open ones of the customers the contact is bound to, newest first. */
  opportunities: z.array(opportunityView),
  draft: z.object({ text: z.string(), updatedAt: z.iso.datetime() }).nullable(),
  /** Newest last message, to tell the age of what is shown. */
  lastMessageAt: z.iso.datetime().nullable(),
});
export type SidebarView = z.infer<typeof sidebarView>;

export const sidebarApi = {
  read: endpoint({
    method: 'GET',
    path: '/api/sidebar',
    summary: 'Everything the sidebar shows of one contact, in one call; parts not ready are null',
    query: z.object({ platform: z.string(), contact: z.string().min(1).max(128) }),
    answer: sidebarView,
  }),
};

/** What is no longer true; it carries no data. `ping` every 20 s. */
export const liveEvent = z.object({
  part: z.enum([
    'contact',
    'customer',
    'binding',
    'messages',
    'summary',
    'score',
    'tasks',
    'approvals',
    'opportunities',
    'handovers',
    'broadcasts',
    'channels',
    'inbound',
    'sync',
    'scoring',
    'health',
    'knowledge',
    'usage',
  ]),
  contactId: z.uuid().optional(),
  customerId: z.uuid().optional(),
});

export const liveStream = {
  path: '/api/live',
  summary:
    'Says at once which part of what is shown of a contact is no longer true; without one, what concerns the caller',
  query: z.object({ contact: z.uuid().optional() }),
  event: liveEvent,
};
