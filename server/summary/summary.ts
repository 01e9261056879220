import { z } from 'zod';
import { MINUTE_MS } from '#server/base/duration.ts';
import { signalKinds } from './summary-answer.ts';
import { draftSource, quoteView, statementView, type summaryState } from './summary-api.ts';

/** Its prompt, its switch and its lines in the ledger are named so. */
export const SUMMARY_USE_CASE = 'summarise-conversation';

export type SummaryState = z.infer<typeof summaryState>;

/** As kept, encrypted, in the columns `statements` and `signals` of Summary. */
export const storedStatements = z.array(statementView);
export type StoredStatement = z.infer<typeof statementView>;
/** How much a quote proves (signal-evidence.ts); `plain` is not written. */
const signalQuote = quoteView.extend({ manner: z.enum(['claimed', 'dictated']).optional() });
export const storedSignals = z.array(z.object({ signal: z.enum(signalKinds), quotes: z.array(signalQuote) }));
export type StoredSignal = z.infer<typeof storedSignals>[number];
export const storedSources = z.array(draftSource);

/** A message the model may read. */
export interface ReadableMessage {
  id: string;
  sender: 'contact' | 'member';
  at: Date;
  text: string;
}

/** How an attempt ended, as SummaryAttempt.outcome. */
const failedOutcomes: ReadonlySet<string> = new Set([
  'refused_by_budget',
  'refused_by_breaker',
  'unavailable',
  'unusable',
]);
export const isFailed = (outcome: string) => failedOutcomes.has(outcome);
/** There is nothing to summarise: pictures alone, or hello and thanks. */
const emptyOutcomes: ReadonlySet<string> = new Set(['nothing_to_read', 'only_greetings']);

/** What a screen is told of the summary beside it. Ids are of messages the model may read. */
export function summaryStateOf(known: {
  modelConfigured: boolean;
  /** Of all messages, readable for the model or not. */
  hasMessages: boolean;
  newestReadableId: string | null;
  summarisedUpToId: string | null;
  /** `outcome` null: asked for and not yet done. */
  attempt: { upToId: string | null; outcome: string | null } | null;
}): SummaryState {
  if (!known.hasMessages) return 'empty';
  if (!known.modelConfigured || known.newestReadableId === null) return 'off';
  if (known.attempt?.outcome === null) return 'pending';
  if (known.summarisedUpToId === known.newestReadableId) return 'fresh';
  if (known.attempt?.upToId !== known.newestReadableId) return 'pending';
  if (known.attempt.outcome === 'off') return 'off';
  return emptyOutcomes.has(known.attempt.outcome) ? 'empty' : 'unavailable';
}

/** Tries after which an answer of no use is taken for the last. */
const UNUSABLE_MAX = 5;

/** When a conversation is tried again without a new message; null: not before one comes or someone asks. */
export function nextAttemptAt(outcome: string, failures: number, now: Date, tomorrow: Date): Date | null {
  switch (outcome) {
    case 'unavailable':
    case 'refused_by_breaker':
      return new Date(now.getTime() + Math.min(2 ** Math.min(failures, 6), 60) * MINUTE_MS);
    case 'unusable':
      // What was said may be why, and then it is no better tomorrow.
      return failures < UNUSABLE_MAX ? new Date(now.getTime() + 10 * 2 ** failures * MINUTE_MS) : null;
    case 'refused_by_budget':
      return tomorrow;
    default:
      return null;
  }
}
