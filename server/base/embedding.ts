import type { Breaker } from './breaker.ts';
import { makeBreaker } from './breaker.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { FieldCipher } from './field-cipher.ts';
import type { Embedding } from './llm.ts';
import type { Log } from './log.ts';
import type { MaskedText } from './masking.ts';
import type { Metrics } from './metrics.ts';
import { guessedTokens, openClient } from './model-call.ts';
import { reserve, settle } from './model-day.ts';
import { mayBeCharged, reasonOf } from './model-failure.ts';
import { isSwitchedOn, lineFor, readModelSetting } from './model-setting.ts';
import { dayOf } from './shanghai.ts';

const USE_CASE = 'embed-passages';
const VERSION = 'embed-passages@1';

interface Options {
  config: Config;
  db: Database;
  cipher: FieldCipher;
  metrics: Metrics;
  log: Log;
  now: () => Date;
}

/** What texts mean, as the configured endpoint says it in numbers. Undefined where no model for it is configured. */
export function makeEmbedding(options: Options): (Embedding & { close(): void }) | undefined {
  const { OPENAI_EMBEDDING_MODEL: model, OPENAI_API_KEY, OPENAI_BASE_URL, LLM_TIMEOUT_MS } = options.config;
  if (!model || !(OPENAI_API_KEY || OPENAI_BASE_URL)) return undefined;
  const closing = new AbortController();
  const client = openClient(options.config);
  const breaker = makeBreaker(options.now);
  const call = async (texts: readonly MaskedText[]) => {
    const signal = AbortSignal.any([AbortSignal.timeout(LLM_TIMEOUT_MS), closing.signal]);
    const input = [...texts];
    const { data, usage } = await client.embeddings.create({ model, input, encoding_format: 'float' }, { signal });
    return { vectors: vectorsIn(data, texts.length), tokens: usage?.prompt_tokens ?? guessedTokens(texts.join('')) };
  };
  return {
    model,
    isAllowed: async (useCase = USE_CASE) => isSwitchedOn(await readModelSetting(options.db, options.config), useCase),
    embed: (texts, about) => embed(options, { model, breaker, call }, texts, about ?? {}),
    close: () => closing.abort(),
  };
}

interface Bench {
  model: string;
  breaker: Breaker;
  call(texts: readonly MaskedText[]): Promise<{ vectors: number[][] | null; tokens: number }>;
}

async function embed(
  options: Options,
  { model, breaker, call }: Bench,
  texts: readonly MaskedText[],
  { contactId, isUrgent }: { contactId?: string; isUrgent?: boolean },
): Promise<number[][] | 'unusable' | null> {
  if (texts.length === 0) return [];
  const { db, config, cipher, metrics, log, now } = options;
  const setting = await readModelSetting(db, config);
  if (!setting.on) return null;
  const day = dayOf(now());
  const costOf = (tokens: number) => Math.round(tokens * config.LLM_EMBEDDING_YUAN_PER_MILLION);
  const guessed = guessedTokens(texts.join(''));
  const expected = costOf(guessed);
  const startedAt = performance.now();
  const told = {
    tokens: 0,
    estimated: 0,
    outcome: 'answered',
    error: null as string | null,
    vectors: null as number[][] | null,
  };
  if (!(await reserve(db, day, expected, lineFor(setting, isUrgent === true)))) return null;
  try {
    if (!breaker.admits()) return null;
    const { vectors, tokens } = await call(texts);
    breaker.succeeded();
    Object.assign(told, vectors ? { vectors, tokens } : { tokens, outcome: 'unusable', error: 'wrong shape' });
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    breaker.failed();
    log.warn({ useCase: USE_CASE, reason }, 'the model gave no answer');
    const charged = mayBeCharged(error) ? { tokens: guessed, estimated: guessed } : {};
    Object.assign(told, { outcome: 'unavailable', error: reason, ...charged });
  } finally {
    await settle(db, day, expected, costOf(told.tokens));
  }
  metrics.modelRuns.inc({ useCase: USE_CASE, outcome: told.outcome });
  metrics.modelCost.inc({ useCase: USE_CASE }, costOf(told.tokens) / 1_000_000);
  await db.modelRun.create({
    data: {
      at: now(),
      useCase: USE_CASE,
      promptVersion: VERSION,
      model,
      contactId: contactId ?? null,
      inputHash: cipher.hash(texts.join('\n')),
      outcome: told.outcome,
      inputTokens: told.tokens,
      costMicros: costOf(told.tokens),
      estimatedMicros: costOf(told.estimated),
      latencyMs: Math.round(performance.now() - startedAt),
      error: told.error,
    },
  });
  return told.outcome === 'unusable' ? 'unusable' : told.vectors;
}

/** https://github.com/pgvector/pgvector: a vector has up to 16,000 dimensions, each a float of four bytes. */
const DIMENSIONS_MAX = 16_000;

/** One for each text, in their order, all of one length, such as can be kept; null for anything else. */
function vectorsIn(data: unknown, count: number): number[][] | null {
  if (!Array.isArray(data)) return null;
  const said = data as readonly ({ index?: unknown; embedding?: unknown } | null)[];
  const vectors = Array.from({ length: count }, (_, at) => said.find((one) => one?.index === at)?.embedding);
  const length = Array.isArray(vectors[0]) ? vectors[0].length : 0;
  const isRight = vectors.every(
    (vector) => Array.isArray(vector) && vector.length === length && vector.every((value) => isKept(value)),
  );
  return length > 0 && length <= DIMENSIONS_MAX && isRight ? (vectors as number[][]) : null;
}

const isKept = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(Math.fround(value));
