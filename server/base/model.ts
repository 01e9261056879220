import { z } from 'zod';
import { makeBreaker, type Breaker } from './breaker.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import { openJson, sealJson, type FieldCipher } from './field-cipher.ts';
import type { Llm, ModelAnswer, ModelOutcome, ModelQuestion } from './llm.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { jsonIn, makeModelCall, ModelUnavailable, type CallOptions, type ModelCall } from './model-call.ts';
import { dayOf, instantOf } from './shanghai.ts';

export interface ModelOptions {
  config: Config;
  db: Database;
  cipher: FieldCipher;
  metrics: Metrics;
  log: Log;
  now: () => Date;
  /** Before a call that met a passing failure is made once more. */
  retryPauseMs?: number;
}

interface Workbench extends ModelOptions {
  call: ModelCall;
  breaker: Breaker;
}

export interface Model extends Llm {
  /** Gives up what is under way; it counts as no answer. */
  close(): void;
}

/** The configured model, or one that is always `off`. */
export function makeModel(options: ModelOptions): Model {
  const { OPENAI_MODEL, OPENAI_API_KEY, OPENAI_BASE_URL } = options.config;
  const configured = Boolean(OPENAI_MODEL && (OPENAI_API_KEY || OPENAI_BASE_URL));
  const call = makeModelCall(options.config, options.retryPauseMs);
  const bench: Workbench = { ...options, call, breaker: makeBreaker(options.now) };
  return {
    configured,
    ask: configured ? (question) => ask(bench, question) : async () => ({ answer: null, outcome: 'off', runId: null }),
    async noteDropped(runId, useCase, droppedCount) {
      if (droppedCount === 0) return;
      options.metrics.droppedStatements.inc({ useCase }, droppedCount);
      await options.db.modelRun.update({ where: { id: runId }, data: { droppedCount } });
    },
    close: call.close,
  };
}

/** What a run is known to have done so far. */
interface Run {
  inputTokens: number;
  outputTokens: number;
  error: string | null;
}

async function ask<Answer extends z.ZodType>(
  bench: Workbench,
  question: ModelQuestion<Answer>,
): Promise<ModelAnswer<z.output<Answer>>> {
  const startedAt = performance.now();
  const inputHash = hashOf(bench.cipher, question);
  const run: Run = { inputTokens: 0, outputTokens: 0, error: null };
  const end = (outcome: ModelOutcome, answer: z.output<Answer> | null) =>
    record(bench, question, {
      ...run,
      inputHash,
      outcome,
      answer,
      latencyMs: Math.round(performance.now() - startedAt),
    });

  const cached = await findCached(bench, question, inputHash);
  if (cached !== null) return end('cached', cached);
  if (await isBudgetSpent(bench)) return end('refused_by_budget', null);
  if (!bench.breaker.admits()) return end('refused_by_breaker', null);
  try {
    return await answered(bench, question, run, end);
  } catch (error) {
    if (!(error instanceof ModelUnavailable)) throw error;
    if (error.isOutage) bench.breaker.failed();
    run.error = error.reason;
    bench.log.warn({ useCase: question.useCase, reason: error.reason }, 'the model gave no answer');
    return end('unavailable', null);
  }
}

/** Asks, and asks once more with what was wrong when the answer does not parse. */
async function answered<Answer extends z.ZodType>(
  bench: Workbench,
  question: ModelQuestion<Answer>,
  run: Run,
  end: (outcome: ModelOutcome, answer: z.output<Answer> | null) => Promise<ModelAnswer<z.output<Answer>>>,
): Promise<ModelAnswer<z.output<Answer>>> {
  const messages: CallOptions['messages'] = [
    { role: 'system', content: question.system },
    { role: 'user', content: question.user },
  ];
  for (const outcome of ['answered', 'repaired'] as const) {
    const reply = await bench.call.ask({
      messages,
      answer: question.answer,
      temperature: question.temperature,
      maxOutputTokens: question.maxOutputTokens,
    });
    bench.breaker.succeeded();
    run.inputTokens += reply.inputTokens;
    run.outputTokens += reply.outputTokens;
    const parsed = question.answer.safeParse(jsonIn(reply.text));
    if (parsed.success) return end(outcome, parsed.data);
    run.error = parsed.error.issues
      .map(({ path, code }) => `${path.join('.')}: ${code}`)
      .join('; ')
      .slice(0, 300);
    messages.push(
      { role: 'assistant', content: reply.text || '(empty)' },
      {
        role: 'user',
        content: `Your answer does not fit the required JSON. Answer again with the corrected JSON object only.\n${z.prettifyError(parsed.error).slice(0, 2000)}`,
      },
    );
  }
  return end('unusable', null);
}

function hashOf(cipher: FieldCipher, question: ModelQuestion<z.ZodType>): string {
  const { system, user, temperature, maxOutputTokens } = question;
  return cipher.hash(JSON.stringify([system, user, temperature ?? null, maxOutputTokens ?? null]));
}

async function findCached<Answer extends z.ZodType>(
  { db, cipher, config }: Workbench,
  { useCase, promptVersion, answer }: ModelQuestion<Answer>,
  inputHash: string,
): Promise<z.output<Answer> | null> {
  const run = await db.modelRun.findFirst({
    where: {
      useCase,
      inputHash,
      promptVersion,
      model: config.OPENAI_MODEL ?? '',
      outcome: { in: ['answered', 'repaired'] },
    },
    orderBy: { at: 'desc' },
    select: { answer: true },
  });
  if (!run?.answer) return null;
  const parsed = answer.safeParse(openJson(cipher, z.unknown(), run.answer));
  return parsed.success ? parsed.data : null;
}

/** The day is Shanghai's. */
async function isBudgetSpent({ db, config, now }: Workbench): Promise<boolean> {
  const { _sum } = await db.modelRun.aggregate({
    where: { at: { gte: instantOf(dayOf(now()), 0) } },
    _sum: { costMicros: true },
  });
  return Number(_sum.costMicros ?? 0n) >= config.LLM_DAILY_BUDGET_YUAN * 1_000_000;
}

async function record<T>(
  { db, cipher, config, metrics, now }: Workbench,
  { useCase, promptVersion }: ModelQuestion<z.ZodType>,
  run: Run & { inputHash: string; outcome: ModelOutcome; answer: T | null; latencyMs: number },
): Promise<ModelAnswer<T>> {
  // Yuan per million tokens are millionths of a yuan per token.
  const costMicros = Math.round(
    run.inputTokens * config.LLM_INPUT_YUAN_PER_MILLION + run.outputTokens * config.LLM_OUTPUT_YUAN_PER_MILLION,
  );
  metrics.modelRuns.inc({ useCase, outcome: run.outcome });
  metrics.modelCost.inc({ useCase }, costMicros / 1_000_000);
  const isNew = run.outcome === 'answered' || run.outcome === 'repaired';
  const { id } = await db.modelRun.create({
    data: {
      at: now(),
      useCase,
      promptVersion,
      model: config.OPENAI_MODEL ?? '',
      inputHash: run.inputHash,
      outcome: run.outcome,
      inputTokens: run.inputTokens,
      outputTokens: run.outputTokens,
      costMicros,
      latencyMs: run.latencyMs,
      error: run.error,
      ...(isNew ? { answer: sealJson(cipher, run.answer) } : {}),
    },
    select: { id: true },
  });
  return { answer: run.answer, outcome: run.outcome, runId: id };
}
