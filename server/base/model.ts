import { z } from 'zod';
import { makeBreaker, type Breaker } from './breaker.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import { makeEmbedding } from './embedding.ts';
import { openJson, sealJson, type FieldCipher } from './field-cipher.ts';
import type { Llm, ModelAnswer, ModelOutcome, ModelQuestion } from './llm.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import {
  jsonIn,
  makeModelCall,
  tokensOfUncounted,
  type CallOptions,
  type ModelCall,
  type ModelReply,
} from './model-call.ts';
import { reserve, settle } from './model-day.ts';
import { ModelUnavailable } from './model-failure.ts';
import { isSwitchedOn, lineFor, readModelSetting } from './model-setting.ts';
import { dayOf } from './shanghai.ts';

export interface ModelOptions {
  config: Config;
  db: Database;
  cipher: FieldCipher;
  metrics: Metrics;
  log: Log;
  now: () => Date;
  /** Who looks at what the model costs is told that there is more. */
  live?: Live;
  /** Before a call that met a passing failure is made once more. */
  retryPauseMs?: number;
}

interface Workbench extends ModelOptions {
  call: ModelCall;
  breaker: Breaker;
  tellOfRun(): void;
}

/** A screen of figures need not follow each call. */
const TELL_EVERY_MS = 1000;
/** What is said back for repair; the rest of a wrong answer says no more. */
const REPAIRED_CHARS_MAX = 4000;

export interface Model extends Llm {
  /** Gives up what is under way; it counts as no answer. */
  close(): void;
}

/** The configured model, or one that is always `off`. */
export function makeModel(options: ModelOptions): Model {
  const { OPENAI_MODEL, OPENAI_API_KEY, OPENAI_BASE_URL } = options.config;
  const configured = Boolean(OPENAI_MODEL && (OPENAI_API_KEY || OPENAI_BASE_URL));
  const call = makeModelCall(options.config, options.retryPauseMs);
  const embedding = makeEmbedding(options);
  const teller = makeTeller(options.live);
  const bench: Workbench = { ...options, call, breaker: makeBreaker(options.now), tellOfRun: teller.tell };
  return {
    configured,
    ...(embedding ? { embedding } : {}),
    ask: configured ? (question) => ask(bench, question) : async () => ({ answer: null, outcome: 'off', runId: null }),
    async noteDropped(runId, useCase, droppedCount) {
      if (droppedCount === 0) return;
      options.metrics.droppedStatements.inc({ useCase }, droppedCount);
      await options.db.modelRun.update({ where: { id: runId }, data: { droppedCount } });
    },
    close() {
      teller.close();
      embedding?.close();
      call.close();
    },
  };
}

function makeTeller(live: Live | undefined) {
  let waiting: NodeJS.Timeout | undefined;
  return {
    tell() {
      waiting ??= setTimeout(() => {
        waiting = undefined;
        live?.publish('admin', { part: 'usage' });
      }, TELL_EVERY_MS).unref();
    },
    close: () => clearTimeout(waiting),
  };
}

/** What a run is known to have done so far. */
interface Run {
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  /** Of what these cost, in millionths of a yuan, what the endpoint never counted. */
  estimatedMicros: number;
  error: string | null;
}

type End<T> = (outcome: ModelOutcome, answer: T | null) => Promise<ModelAnswer<T>>;

async function ask<Answer extends z.ZodType>(
  bench: Workbench,
  question: ModelQuestion<Answer>,
): Promise<ModelAnswer<z.output<Answer>>> {
  const startedAt = performance.now();
  const inputHash = hashOf(bench.cipher, question);
  const run: Run = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, estimatedMicros: 0, error: null };
  const end: End<z.output<Answer>> = (outcome, answer) =>
    record(bench, question, {
      ...run,
      inputHash,
      outcome,
      answer,
      latencyMs: Math.round(performance.now() - startedAt),
    });

  const setting = await readModelSetting(bench.db, bench.config);
  if (!isSwitchedOn(setting, question.useCase)) return end('off', null);
  const cached = await findCached(bench, question, inputHash);
  if (cached !== null) return end('cached', cached);
  const tokens = tokensOfUncounted({ messages: messagesOf(question), maxOutputTokens: question.maxOutputTokens });
  const [day, expected] = [dayOf(bench.now()), costOf(bench.config, { ...tokens, cachedTokens: 0 })];
  if (!(await reserve(bench.db, day, expected, lineFor(setting, question.isUrgent === true))))
    return end('refused_by_budget', null);
  try {
    return bench.breaker.admits() ? await answered(bench, question, run, end) : await end('refused_by_breaker', null);
  } catch (error) {
    if (!(error instanceof ModelUnavailable)) throw error;
    if (error.isOutage) bench.breaker.failed(error.retryAfterMs);
    run.error = error.reason;
    bench.log.warn({ useCase: question.useCase, reason: error.reason }, 'the model gave no answer');
    return await end('unavailable', null);
  } finally {
    await settle(bench.db, day, expected, costOf(bench.config, run));
  }
}

/** Asks, and asks once more with what was wrong when the answer does not parse. */
async function answered<Answer extends z.ZodType>(
  bench: Workbench,
  question: ModelQuestion<Answer>,
  run: Run,
  end: End<z.output<Answer>>,
): Promise<ModelAnswer<z.output<Answer>>> {
  const messages = messagesOf(question);
  for (const outcome of ['answered', 'repaired'] as const) {
    const { answer, temperature, maxOutputTokens } = question;
    const options = { messages, answer, temperature, maxOutputTokens };
    const reply = await bench.call.ask(options).catch((error: unknown) => {
      if (error instanceof ModelUnavailable) addUncounted(bench.config, run, options, error.uncounted);
      throw error;
    });
    addUncounted(bench.config, run, options, reply.uncounted);
    // Whoever talks without end is as good as away.
    if (reply.fault === 'too large') bench.breaker.failed();
    else bench.breaker.succeeded();
    run.inputTokens += reply.inputTokens;
    run.cachedTokens += reply.cachedTokens;
    run.outputTokens += reply.outputTokens;
    const read = readReply(question, reply);
    if (read.error === null) return end(outcome, read.answer);
    run.error = read.error;
    if (reply.fault) break;
    messages.push(
      { role: 'assistant', content: reply.text.slice(0, REPAIRED_CHARS_MAX) || '(empty)' },
      {
        role: 'user',
        content: `Your answer does not fit what was asked for. Answer again with the corrected JSON object only.\n${read.wish}`,
      },
    );
  }
  return end('unusable', null);
}

const messagesOf = ({ system, user }: ModelQuestion<z.ZodType>): CallOptions['messages'] => [
  { role: 'system', content: system },
  { role: 'user', content: user },
];

/** What may have been charged for is spent: otherwise time-outs would pass every line. */
function addUncounted(config: Config, run: Run, options: CallOptions, tries: number): void {
  const { inputTokens, outputTokens } = tokensOfUncounted(options);
  run.inputTokens += tries * inputTokens;
  run.outputTokens += tries * outputTokens;
  run.estimatedMicros += tries * costOf(config, { inputTokens, cachedTokens: 0, outputTokens });
}

/** `error` is a class, for the ledger; `wish` is what the model is told. */
function readReply<Answer extends z.ZodType>(
  { answer, faultOf }: ModelQuestion<Answer>,
  { text, fault }: ModelReply,
): { error: null; answer: z.output<Answer> } | { error: string; wish: string } {
  if (fault) return { error: fault, wish: '' };
  const json = jsonIn(text);
  if (json === undefined) return { error: text.trim() === '' ? 'empty' : 'not json', wish: 'It is no JSON object.' };
  const parsed = answer.safeParse(json);
  if (parsed.success) {
    const error = faultOf?.(parsed.data) ?? null;
    return error === null ? { error, answer: parsed.data } : { error, wish: `What is wrong with it: ${error}` };
  }
  const issues = parsed.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`);
  return { error: issues.join('; ').slice(0, 300), wish: z.prettifyError(parsed.error).slice(0, 2000) };
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

/** Millionths of a yuan, which yuan per million tokens are per token. */
function costOf(
  config: Config,
  { inputTokens, cachedTokens, outputTokens }: Omit<Run, 'error' | 'estimatedMicros'>,
): number {
  const { LLM_INPUT_YUAN_PER_MILLION: input, LLM_OUTPUT_YUAN_PER_MILLION: output } = config;
  const cached = config.LLM_CACHED_INPUT_YUAN_PER_MILLION ?? input / 10;
  return Math.round((inputTokens - cachedTokens) * input + cachedTokens * cached + outputTokens * output);
}

async function record<T>(
  { db, cipher, config, metrics, now, tellOfRun }: Workbench,
  { useCase, promptVersion, contactId, memberId }: ModelQuestion<z.ZodType>,
  run: Run & { inputHash: string; outcome: ModelOutcome; answer: T | null; latencyMs: number },
): Promise<ModelAnswer<T>> {
  const { answer, ...told } = run;
  const costMicros = costOf(config, run);
  metrics.modelRuns.inc({ useCase, outcome: run.outcome });
  metrics.modelCost.inc({ useCase }, costMicros / 1_000_000);
  metrics.modelTokens.inc({ useCase, kind: 'input' }, run.inputTokens);
  metrics.modelTokens.inc({ useCase, kind: 'cached' }, run.cachedTokens);
  metrics.modelTokens.inc({ useCase, kind: 'output' }, run.outputTokens);
  if (run.error !== null && answer === null) metrics.modelFailures.inc({ useCase, reason: reasonOf(run.error) });
  const wasAsked = run.outcome in askedOutcomes;
  if (wasAsked) metrics.modelSeconds.observe({ useCase }, run.latencyMs / 1000);
  const isNew = run.outcome === 'answered' || run.outcome === 'repaired';
  const { id } = await db.modelRun.create({
    data: {
      ...told,
      at: now(),
      useCase,
      promptVersion,
      model: config.OPENAI_MODEL ?? '',
      contactId: contactId ?? null,
      memberId: memberId ?? null,
      costMicros,
      ...(isNew ? { answer: sealJson(cipher, answer) } : {}),
    },
    select: { id: true },
  });
  tellOfRun();
  return { answer, outcome: run.outcome, runId: id };
}

const askedOutcomes = { answered: true, repaired: true, unavailable: true, unusable: true };

/** A label of few values: which of an answer's fields were wrong is in the ledger. */
const reasonOf = (error: string) => (error.includes(': ') ? 'wrong shape' : error);
