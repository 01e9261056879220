import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { requestKey } from '#server/base/request-key.ts';

export const statementKinds = ['need', 'budget', 'decision_maker', 'objection', 'promise', 'next_step'] as const;

/** `quote` is an exact piece of the message it names. */
export const quoteView = z.object({ messageId: z.uuid(), quote: z.string(), at: z.iso.datetime() });

export const statementView = z.object({
  kind: z.enum(statementKinds),
  text: z.string(),
  /** Numbers, dates and amounts of the text that no message says letter by letter: worked out from what was said. */
  computed: z.array(z.string()).optional(),
  quotes: z.array(quoteView),
  /** Promises only. */
  who: z.enum(['member', 'contact']).optional(),
  dueAt: z.iso.datetime().nullable().optional(),
});

/** What a draft rests on. */
export const draftSource = z.object({
  from: z.enum(['document', 'material', 'message']),
  id: z.uuid(),
  title: z.string(),
  /** The piece of it that was used. */
  text: z.string(),
});
export type DraftSource = z.infer<typeof draftSource>;

export const draftStyle = z.enum(['another', 'shorter', 'more_formal']);
export type DraftStyle = z.infer<typeof draftStyle>;

const replyRisk = z.object({ kind: z.enum(['price', 'date', 'promise']), text: z.string() });

export const summaryView = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  messageCount: z.int(),
  statements: z.array(statementView),
  suggestedTags: z.array(z.object({ id: z.uuid(), name: z.string() })),
  replyDraft: z.string().nullable(),
  /** Prices, dates and promises in the draft that should be checked before it leaves. */
  replyRisks: z.array(replyRisk),
  replySources: z.array(draftSource),
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
  draft: endpoint({
    method: 'POST',
    path: '/api/reply-drafts',
    summary: 'Draft a reply, or another one; the rep reads it before anything is sent',
    body: z.object({
      contactId: z.uuid(),
      style: draftStyle,
      /** What stands in the field now. */
      text: z.string().max(4000).default(''),
    }),
    answer: z.object({
      /** Null when the model gave none; `reason` then says why. */
      text: z.string().nullable(),
      reason: z.enum(['off', 'unavailable', 'unusable', 'nothing_to_read', 'refused_by_budget']).nullable(),
      sources: z.array(draftSource),
      risks: z.array(replyRisk),
      runId: z.uuid().nullable(),
    }),
  }),
  feedback: endpoint({
    method: 'POST',
    path: '/api/suggestions/feedback',
    summary: 'What the rep did with a suggestion',
    body: z.object({
      contactId: z.uuid(),
      summaryId: z.uuid().nullable(),
      verdict: z.enum(['sent', 'edited', 'copied', 'up', 'down', 'discarded']),
      /** Of the draft, when it was asked for by itself. */
      runId: z.uuid().nullable().default(null),
      /** What was sent in the end: how far it is from the draft is kept, the words are not. */
      text: z.string().max(4000).nullable().default(null),
      requestKey,
    }),
    answer: z.object({}),
  }),
};
