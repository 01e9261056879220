import type { Sources } from '#server/summary/check-answer.ts';
import { summaryAnswer, type SummaryAnswer, type ToldSummary } from '#server/summary/summary-answer.ts';
import type { ReadableMessage } from '#server/summary/summary.ts';

/** What a model answers, with what it leaves out. */
export const answerOf = (more: Partial<ToldSummary>): SummaryAnswer => summaryAnswer.parse({ s: [], ...more });

/** What an answer is checked against: messages nobody has read before, and nothing hidden. */
export const sourcesOf = (byShortId: ReadonlyMap<string, ReadableMessage>, more: Partial<Sources> = {}): Sources => ({
  byShortId,
  unreadIds: new Set([...byShortId.values()].map(({ id }) => id)),
  knownByShortId: new Map(),
  passages: new Map(),
  tagNames: [],
  names: [],
  restore: (masked) => masked,
  hasForeign: () => false,
  ...more,
});
