import type { z } from 'zod';
import type { MaskedText } from './masking.ts';

/** One structured question to the model. */
export interface ModelQuestion<Answer extends z.ZodType> {
  useCase: string;
  promptVersion: string;
  system: MaskedText;
  user: MaskedText;
  temperature?: number;
  answer: Answer;
  /** What is wrong with an answer that keeps to its form, as a class (`language`); null when nothing is. */
  faultOf?: (answer: z.output<Answer>) => string | null;
  maxOutputTokens?: number;
  /** Whom it is about: the ledger says what each customer cost. */
  contactId?: string;
  /** Who asked for it; not said when nobody did. */
  memberId?: string;
  /** Somebody waits for the answer: asked also when the day has cost more than its soft line. */
  isUrgent?: boolean;
}

/** How an ask ended; each but one without a configured model is a run in the ledger. */
export type ModelOutcome =
  | 'answered'
  /** Answered at the second try, having been told what was wrong with the first. */
  | 'repaired'
  /** Answered before. */
  | 'cached'
  /** The day has cost as much as it may. */
  | 'refused_by_budget'
  /** It did not answer lately, and nobody asks until it may have come back. */
  | 'refused_by_breaker'
  /** No answer: an error, a time-out, a cut connection, too many questions. */
  | 'unavailable'
  /** An answer that is of no use: of another form or language, cut short, too long, empty, or a refusal. */
  | 'unusable'
  /** Not configured, or switched off. */
  | 'off';

/** `answer` is null when there is none to be had now; `outcome` says why. Never throws for the model's sake. */
export interface ModelAnswer<T> {
  answer: T | null;
  outcome: ModelOutcome;
  runId: string | null;
}

/** Texts as vectors: those of like meaning lie near each other. */
export interface Embedding {
  /** Vectors of different models have nothing to do with each other. */
  readonly model: string;
  /** Whether the company lets a model be asked at all, and for the use case that needs it. */
  isAllowed(useCase?: string): Promise<boolean>;
  /**
   * One vector for each text, in their order; null when there are none to be had now, `unusable` when the answer is none
   * and would be none again.
   */
  embed(
    texts: readonly MaskedText[],
    about?: { contactId?: string; isUrgent?: boolean },
  ): Promise<number[][] | 'unusable' | null>;
}

export interface Llm {
  /** False when no model is configured. */
  readonly configured: boolean;
  /** Where a model for it is configured. */
  readonly embedding?: Embedding;
  ask<Answer extends z.ZodType>(question: ModelQuestion<Answer>): Promise<ModelAnswer<z.output<Answer>>>;
  /** Adds what checking the answer found out to its run. */
  noteDropped(runId: string, useCase: string, droppedCount: number): Promise<void>;
}
