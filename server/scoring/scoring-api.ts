import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';

/**
 * What a reason says, in no language: `key` names the sentence, `values` fill its blanks, and the pages have the words. It
 * is kept as long as the score is: a sentence that comes to mean something else takes another key.
 */
export const saying = z.object({ key: z.string(), values: z.record(z.string(), z.union([z.number(), z.string()])) });

/** Why the score is what it is. All points add up to `value`. */
export const factorView = z.object({
  key: z.string(),
  points: z.int(),
  /** In the company's language: where the pages have no words, and in what is sent through the messengers. */
  text: z.string(),
  /** Missing in what was kept before there were any. */
  says: saying.optional(),
  pointer: z.union([z.object({ field: z.string() }), z.object({ messageId: z.uuid(), quote: z.string() })]),
});

export const scoreView = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  value: z.int().min(0).max(100),
  level: z.enum(['high', 'medium', 'low']),
  /** Against the score a week ago; null when there was none. */
  change: z.int().nullable(),
  factors: z.array(factorView),
  /** Made by the table of points, or by a model that learned: `rules@2`, `lead@7`. */
  method: z.string(),
  basis: z.enum(['rules', 'model']),
  /** Outcomes there are to learn from, when rules stand because they are too few; null otherwise. */
  outcomes: z.int().nullable(),
  override: z.object({ value: z.int(), reason: z.string(), by: z.string(), at: z.iso.datetime() }).nullable(),
});
export type ScoreView = z.infer<typeof scoreView>;

export const scoringApi = {
  history: endpoint({
    method: 'GET',
    path: '/api/scores',
    summary: 'Scores of a contact, newest first',
    query: z.object({ contactId: z.uuid(), limit: z.coerce.number().int().min(1).max(100).default(30) }),
    answer: z.object({ items: z.array(scoreView) }),
  }),
  override: endpoint({
    method: 'POST',
    path: '/api/scores/override',
    summary: 'Show another value, with a reason',
    body: z.object({ contactId: z.uuid(), value: z.int().min(0).max(100), reason: z.string().trim().min(2).max(200) }),
    answer: scoreView,
  }),
  clearOverride: endpoint({
    method: 'DELETE',
    path: '/api/scores/override',
    summary: 'Back to the computed value',
    query: z.object({ contactId: z.uuid() }),
    answer: scoreView,
  }),
};
