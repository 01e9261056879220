import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';

export const statementKinds = ['need', 'budget', 'decision_maker', 'objection', 'promise', 'next_step'] as const;

/** `quote` is an exact piece of the message it names. */
export const quoteView = z.object({ messageId: z.uuid(), quote: z.string(), at: z.iso.datetime() });

export const statementView = z.object({
  kind: z.enum(statementKinds),
  text: z.string(),
  quotes: z.array(quoteView),
  /** Promises only. */
  who: z.enum(['member', 'contact']).optional(),
  dueAt: z.iso.datetime().nullable().optional(),
});

export const summaryView = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  messageCount: z.int(),
  statements: z.array(statementView),
  suggestedTags: z.array(z.object({ id: z.uuid(), name: z.string() })),
  replyDraft: z.string().nullable(),
  /** Prices, dates and promises in the draft that should be checked before it leaves. */
  replyRisks: z.array(z.object({ kind: z.enum(['price', 'date', 'promise']), text: z.string() })),
});
export type SummaryView = z.infer<typeof summaryView>;

/**
 * `fresh`: of the newest messages. `pending`: a newer one is being written. `unavailable`: the model gave none, the last
 * good one stays. `off`: an admin has not allowed the model for this source. `empty`: nothing was said yet.
 */
export const summaryState = z.enum(['fresh', 'pending', 'unavailable', 'off', 'empty']);

export const summaryApi = {
  refresh: endpoint({
    method: 'POST',
    path: '/api/summaries/refresh',
    summary: 'Summarise the conversation with this contact again',
    body: z.object({ contactId: z.uuid() }),
    answer: z.object({ state: summaryState }),
    status: 202,
  }),
  saveDraft: endpoint({
    method: 'PUT',
    path: '/api/reply-drafts/:contactId',
    summary: 'Keep the reply the rep is editing; empty text forgets it',
    params: z.object({ contactId: z.uuid() }),
    body: z.object({ text: z.string().max(4000) }),
    answer: z.object({ updatedAt: z.iso.datetime() }),
  }),
  feedback: endpoint({
    method: 'POST',
    path: '/api/suggestions/feedback',
    summary: 'What the rep did with a suggestion',
    body: z.object({
      contactId: z.uuid(),
      summaryId: z.uuid().nullable(),
      verdict: z.enum(['sent', 'edited', 'copied', 'up', 'down']),
    }),
    answer: z.object({}),
  }),
};
