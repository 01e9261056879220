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
  maxOutputTokens?: number;
  /** Whom it is about: the ledger says what each customer cost. */
  contactId?: string;
  /** Somebody waits for the answer: asked also when the day has cost more than its soft line. */
  isUrgent?: boolean;
}

export type ModelOutcome =
  | 'answered'
  | 'repaired'
  | 'cached'
  | 'refused_by_budget'
  | 'refused_by_breaker'
  | 'unavailable'
  | 'unusable'
  | 'off';

/** `answer` is null when there is none to be had now; `outcome` says why. Never throws for the model's sake. */
export interface ModelAnswer<T> {
  answer: T | null;
  outcome: ModelOutcome;
  runId: string | null;
}

export interface Llm {
  /** False when no model is configured. */
  readonly configured: boolean;
  ask<Answer extends z.ZodType>(question: ModelQuestion<Answer>): Promise<ModelAnswer<z.output<Answer>>>;
  /** Adds what checking the answer found out to its run. */
  noteDropped(runId: string, useCase: string, droppedCount: number): Promise<void>;
}
