import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const empty = (value: unknown) => (value === '' ? undefined : value);
const text = z.preprocess(empty, z.string().optional());
const url = z.preprocess(empty, z.url().optional());
const number = (initial: number, min: number, max: number) =>
  z.preprocess(empty, z.coerce.number().int().min(min).max(max).default(initial));

/** Everything the environment may say, apart from what each platform's driver reads for itself. */
export const environment = z.object({
  NODE_ENV: z
    .preprocess(empty, z.enum(['development', 'test', 'production']).default('development'))
    .describe('production refuses to start without a configured platform'),
  PORT: number(3000, 0, 65_535).describe('Port of the web server'),
  PROCESS: z
    .preprocess(empty, z.enum(['all', 'web', 'worker']).default('all'))
    .describe('What this process does: all, web or worker'),
  PUBLIC_URL: url.describe('The address under which members open Zhike; default http://localhost:PORT'),
  DATA_DIR: z.preprocess(empty, z.string().default('.data')).describe('Folder of the embedded database and of uploads'),
  DATABASE_URL: url.describe('PostgreSQL 15 or newer; without it an embedded one runs under DATA_DIR'),
  REDIS_URL: url.describe('Redis for the job queue; without it the queue lives in PostgreSQL'),
  SESSION_SECRET: text.describe(
    'At least 32 characters; encrypts fields at rest and signs login states. Kept under DATA_DIR when not set; required in production',
  ),
  LOG_LEVEL: z
    .preprocess(empty, z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'))
    .describe('How much is logged'),
  METRICS_TOKEN: text.describe('Bearer token of GET /metrics; without it only loopback may read'),
  CALLBACK_BODY_BYTES_MAX: number(262_144, 1024, 10_485_760).describe('A larger callback is answered 413'),
  OPENAI_BASE_URL: url.describe('Any OpenAI-compatible endpoint (DeepSeek, Qwen, Kimi, Ollama, vLLM …)'),
  OPENAI_API_KEY: text.describe('Key of that endpoint'),
  OPENAI_MODEL: text.describe('Model name at that endpoint'),
  OPENAI_EMBEDDING_MODEL: text.describe(
    'Name of a model for embeddings at that endpoint; with it and the PostgreSQL extension vector, documents are also found by meaning',
  ),
  LLM_TIMEOUT_MS: number(30_000, 100, 600_000).describe('A model call is given up after this long'),
  LLM_DAILY_BUDGET_YUAN: number(50, 0, 1_000_000).describe(
    'Once the day has cost this much, the model is not asked until tomorrow; an admin may set another line',
  ),
  LLM_INPUT_YUAN_PER_MILLION: z
    .preprocess(empty, z.coerce.number().min(0).default(2))
    .describe('Price of a million input tokens'),
  LLM_CACHED_INPUT_YUAN_PER_MILLION: z
    .preprocess(empty, z.coerce.number().min(0).optional())
    .describe(
      'Price of a million input tokens that the endpoint has in its own prefix cache; a tenth of the other when not set',
    ),
  LLM_OUTPUT_YUAN_PER_MILLION: z
    .preprocess(empty, z.coerce.number().min(0).default(8))
    .describe('Price of a million output tokens'),
  SUMMARY_QUIET_S: number(30, 3, 240).describe(
    'A conversation is summarised once nobody has written for this many seconds: a burst of messages costs one call',
  ),
  LLM_EMBEDDING_YUAN_PER_MILLION: z
    .preprocess(empty, z.coerce.number().min(0).default(0.5))
    .describe('Price of a million tokens of embeddings'),
  GROUP_SEND_LOOK_S: number(300, 15, 3600).describe(
    'A group send whose answer never came is tried again when it is still missing at the platform this many seconds later',
  ),
  SANDBOX_PORT: number(3100, 0, 65_535).describe('Port of the sandbox, which runs when no platform is configured'),
  SANDBOX_WITHOUT: z
    .preprocess(empty, z.string().default(''))
    .transform((names) => names.split(',').map((name) => name.trim()))
    .describe('Platforms the sandbox’s company does not use, with commas; by default it uses all there are'),
});

export type Config = z.infer<typeof environment> & { PUBLIC_URL: string; SESSION_SECRET: string };

/** A sentence for the operator; printed without a stack. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** All faults at once. Throws ConfigError. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const result = environment.safeParse(env);
  if (!result.success) throw new ConfigError(`The environment is not usable:\n${z.prettifyError(result.error)}`);
  const config = result.data;
  const SESSION_SECRET = config.SESSION_SECRET ?? (config.NODE_ENV === 'production' ? '' : keptSecret(config.DATA_DIR));
  if (SESSION_SECRET.length < 32)
    throw new ConfigError('SESSION_SECRET must be set to at least 32 characters: `openssl rand -base64 32` makes one.');
  return {
    ...config,
    SESSION_SECRET,
    PUBLIC_URL: (config.PUBLIC_URL ?? `http://localhost:${config.PORT}`).replace(/\/$/, ''),
  };
}

function keptSecret(dataDir: string): string {
  const file = path.join(dataDir, 'session-secret');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}
