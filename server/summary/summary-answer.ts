import { z } from 'zod';
import { statementKinds } from './summary-api.ts';

/** What a message can say about whether, when and how its writer will buy. */
export const signalKinds = [
  'asks_price',
  'asks_delivery',
  'asks_trial',
  'asks_contract',
  'names_budget',
  'names_quantity',
  'names_decision_maker',
  'agrees_to_meet',
  'compares_competitor',
  'positive',
  'negative',
  'postpones',
] as const;
export type SignalKind = (typeof signalKinds)[number];

/** `messageId` is the short id the prompt gave the message (m1, m2 …); `quote` a piece of that message, letter by letter. */
export const citation = z.object({ messageId: z.string().max(40), quote: z.string().max(2000) });
export type Citation = z.infer<typeof citation>;

const citations = z.array(citation).max(20);

export const answeredStatement = z.object({
  kind: z.enum(statementKinds),
  text: z.string().trim().min(1).max(500),
  quotes: citations,
  /** Promises only: who gave it. */
  who: z.enum(['member', 'contact']).nullable().default(null),
  /** The due time in the words of the chat: 周五前, 明天下午. */
  when: z.string().max(60).nullable().default(null),
});

export const answeredSignal = z.object({ signal: z.enum(signalKinds), quotes: citations });

/** What the model answers to prompts/summarise-conversation.md; nothing of it is believed before its quotes are checked. */
export const summaryAnswer = z.object({
  statements: z.array(answeredStatement).max(60),
  signals: z.array(answeredSignal).max(60),
  /** Names out of the offered list. */
  suggestedTags: z.array(z.string().max(60)).max(30),
  replyDraft: z.string().max(2000).nullable(),
});
export type SummaryAnswer = z.infer<typeof summaryAnswer>;
