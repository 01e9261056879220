import { z } from 'zod';
import type { statementKinds } from './summary-api.ts';

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

/** The model's words are short: each token of an answer is paid for. */
export const statementWords = {
  need: 'need',
  budget: 'budget',
  decider: 'decision_maker',
  objection: 'objection',
  /** A promise of the member's. */
  ours: 'promise',
  /** A promise of the contact's. */
  theirs: 'promise',
  next: 'next_step',
} as const satisfies Record<string, (typeof statementKinds)[number]>;

export const signalWords = {
  price: 'asks_price',
  delivery: 'asks_delivery',
  trial: 'asks_trial',
  contract: 'asks_contract',
  budget: 'names_budget',
  quantity: 'names_quantity',
  decider: 'names_decision_maker',
  meet: 'agrees_to_meet',
  rival: 'compares_competitor',
  positive: 'positive',
  negative: 'negative',
  later: 'postpones',
} as const satisfies Record<string, SignalKind>;

const wordsOf = <Words extends object>(words: Words) => Object.keys(words) as [keyof Words & string];

/** `c3:原话`: the short id the prompt gave the message, and a piece of that message, letter by letter. */
const quotes = z.array(z.string().max(2000)).max(20);
const text = z.string().trim().min(1).max(2000);

/**
 * What the model answers to prompts/summarise-conversation.md; nothing of it is believed before its quotes are checked.
 * Only `s` must be there: what is empty may be left out.
 */
export const summaryAnswer = z.object({
  /** What is new: kind, text, quotes. */
  s: z.array(z.object({ k: z.enum(wordsOf(statementWords)), t: text, q: quotes })).max(60),
  /** Known statements a new message changes, by the short id the prompt gave them, with the words they now have. */
  u: z
    .array(z.object({ o: z.string().max(20), t: text, q: quotes }))
    .max(60)
    .default([]),
  /** Known statements that a new message takes back. */
  x: z
    .array(z.object({ o: z.string().max(20), q: quotes }))
    .max(60)
    .default([]),
  /** Signals in the new messages. */
  g: z
    .array(z.object({ k: z.enum(wordsOf(signalWords)), q: quotes }))
    .max(60)
    .default([]),
  /** Names out of the offered list. */
  tags: z.array(z.string().max(60)).max(30).default([]),
  /** The reply to draft. */
  r: z.string().max(4000).nullable().default(null),
  /** Short ids of the passages the reply rests on. */
  rk: z.array(z.string().max(20)).max(20).default([]),
});
export type SummaryAnswer = z.infer<typeof summaryAnswer>;
/** As a model may write it, without what is empty. */
export type ToldSummary = z.input<typeof summaryAnswer>;
