import { setTimeout as pause } from 'node:timers/promises';
import OpenAI from 'openai';
import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionMessageParam } from 'openai/resources/chat';
import { z } from 'zod';
import type { Config } from './config.ts';

export interface ModelReply {
  text: string;
  inputTokens: number;
  /** Of these, read out of the endpoint's own cache. */
  cachedTokens: number;
  outputTokens: number;
  /** Why it is of no use whatever it says, and would be no better if asked again. */
  fault: 'truncated' | 'refused' | 'too large' | null;
  /** Of its tries, those that may have been charged for without a word of how much. */
  uncounted: number;
}

export interface CallOptions {
  messages: ChatCompletionMessageParam[];
  answer: z.ZodType;
  temperature: number | undefined;
  maxOutputTokens: number | undefined;
}

/** The endpoint gave no answer. `reason` is a class of failure, never what was said. */
export class ModelUnavailable extends Error {
  override readonly name = 'ModelUnavailable';
  readonly reason: string;
  /** False when the endpoint is well and only this question is not to its liking. */
  readonly isOutage: boolean;
  /** For how long the endpoint does not want to be asked again; 0 when it did not say. */
  readonly retryAfterMs: number;
  /** Tries that may have been charged for: the endpoint had the question. */
  uncounted = 0;

  constructor(reason: string, isOutage: boolean, retryAfterMs = 0) {
    super(`The model gave no answer: ${reason}`);
    this.reason = reason;
    this.isOutage = isOutage;
    this.retryAfterMs = retryAfterMs;
  }
}

const RETRY_AFTER_MS_MAX = 2000;
/** Many times what any answer needs, thoughts included. A body that goes on is not read to its end. */
const REPLY_BYTES_MAX = 1_048_576;
/** Nothing asked for is longer; what is would only be sent back for repair at a high price. */
const TEXT_CHARS_MAX = 100_000;

/** How an endpoint is asked for JSON, best first. Many OpenAI-compatible ones know the second only, or neither. */
const formats = ['json_schema', 'json_object', 'none'] as const;

export interface ModelCall {
  ask(options: CallOptions): Promise<ModelReply>;
  /** Gives up what is under way: a process that ends does not wait for a model. */
  close(): void;
}

/** One question to an OpenAI-compatible endpoint: within the timeout, once more after a passing failure. */
export function makeModelCall(config: Config, retryPauseMs = 500): ModelCall {
  const closing = new AbortController();
  const client = new OpenAI({
    baseURL: config.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
    apiKey: config.OPENAI_API_KEY ?? 'none',
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: config.LLM_TIMEOUT_MS,
    // Its debug level prints prompts.
    logLevel: 'off',
    fetch: boundedFetch,
  });
  let accepted: (typeof formats)[number] = 'json_schema';

  async function once(options: CallOptions, format: (typeof formats)[number]): Promise<ModelReply> {
    const completion = await client.chat.completions.create(
      {
        model: config.OPENAI_MODEL ?? '',
        messages: options.messages,
        ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
        ...(options.maxOutputTokens === undefined ? {} : { max_tokens: options.maxOutputTokens }),
        ...responseFormat(format, options.answer),
      },
      // The client's own timeout ends with the headers; a body may drip for ever.
      { signal: AbortSignal.any([AbortSignal.timeout(config.LLM_TIMEOUT_MS), closing.signal]) },
    );
    return replyOf(completion, options);
  }

  async function inAcceptedFormat(options: CallOptions): Promise<ModelReply> {
    for (const format of formats.slice(formats.indexOf(accepted))) {
      try {
        const reply = await once(options, format);
        accepted = format;
        return reply;
      } catch (error) {
        const mayBeFormat = error instanceof OpenAI.APIError && [400, 422].includes(error.status as number);
        if (!mayBeFormat || format === formats.at(-1)) throw error;
      }
    }
    throw new Error('There is always a last format.');
  }

  async function ask(options: CallOptions): Promise<ModelReply> {
    for (let uncounted = 0, isLast = false; ; isLast = true) {
      try {
        return { ...(await inAcceptedFormat(options)), uncounted };
      } catch (error) {
        if (mayBeCharged(error)) uncounted++;
        if (error instanceof ReplyTooLarge) return { ...tooLarge, uncounted };
        const retryMs = isLast || closing.signal.aborted ? null : retryDelay(error, retryPauseMs);
        if (retryMs === null) throw unavailable(error, uncounted);
        await pause(retryMs);
      }
    }
  }

  return { ask, close: () => closing.abort() };
}

class ReplyTooLarge extends Error {
  override readonly name = 'ReplyTooLarge';
}

const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (!response.body) return response;
  let bytes = 0;
  const bounded = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > REPLY_BYTES_MAX) controller.error(new ReplyTooLarge());
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(bounded, { status, statusText, headers });
};

/** What endpoints say beside the standard, or instead of it. */
interface Usage {
  prompt_tokens?: unknown;
  completion_tokens?: unknown;
  prompt_tokens_details?: { cached_tokens?: unknown } | null;
  /** DeepSeek: https://api-docs.deepseek.com/guides/kv_cache */
  prompt_cache_hit_tokens?: unknown;
}

function replyOf(completion: OpenAI.ChatCompletion, options: CallOptions): ModelReply {
  const choice = completion.choices?.[0];
  const said: unknown = choice?.message?.content;
  const text = typeof said === 'string' ? said : '';
  const usage = (completion.usage ?? {}) as Usage;
  const inputTokens = countOf(usage.prompt_tokens) ?? guessedInputTokens(options.messages);
  const cached = countOf(usage.prompt_tokens_details?.cached_tokens) ?? countOf(usage.prompt_cache_hit_tokens) ?? 0;
  return {
    text,
    inputTokens,
    cachedTokens: Math.min(cached, inputTokens),
    outputTokens: countOf(usage.completion_tokens) ?? guessedTokens(text),
    fault: faultOf(choice, text),
    uncounted: 0,
  };
}

function faultOf(choice: OpenAI.ChatCompletion.Choice | undefined, text: string): ModelReply['fault'] {
  if (choice?.message?.refusal || choice?.finish_reason === 'content_filter') return 'refused';
  if (text.length > TEXT_CHARS_MAX) return 'too large';
  return choice?.finish_reason === 'length' ? 'truncated' : null;
}

/** What an endpoint counts is a number when it is well. */
const countOf = (said: unknown) =>
  Number.isSafeInteger(said) && (said as number) >= 0 ? Math.min(said as number, TOKENS_MAX) : undefined;
const TOKENS_MAX = 100_000_000;

const tooLarge: Omit<ModelReply, 'uncounted'> = {
  text: '',
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  fault: 'too large',
};

/** Of a try that may have been charged for: all that was asked, and all that may have been written. */
export const tokensOfUncounted = ({
  messages,
  maxOutputTokens,
}: Pick<CallOptions, 'messages' | 'maxOutputTokens'>) => ({
  inputTokens: guessedInputTokens(messages),
  outputTokens: maxOutputTokens ?? OUTPUT_TOKENS_EXPECTED,
});

function responseFormat(
  format: (typeof formats)[number],
  answer: z.ZodType,
): Pick<ChatCompletionCreateParamsNonStreaming, 'response_format'> {
  switch (format) {
    case 'json_schema':
      return {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema: jsonSchema(answer) },
        },
      };
    case 'json_object':
      return { response_format: { type: 'json_object' } };
    case 'none':
      return {};
  }
}

/** Strict structured output takes a part of JSON Schema: every property required, no defaults, no length bounds. */
export function jsonSchema(answer: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(answer, {
    io: 'output',
    override: ({ jsonSchema: node }) => {
      for (const key of ['default', 'minLength', 'maxLength', 'minItems', 'maxItems', '$schema'] as const)
        delete (node as Record<string, unknown>)[key];
    },
  });
}

/** The JSON object in an answer that may have a fence, a preface or thoughts around it; undefined when there is none. */
export function jsonIn(text: string): unknown {
  const said = text.replace(/^\s*<think>[\s\S]*?<\/think>/, '');
  const body = said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1);
  try {
    return JSON.parse(body, storable) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** PostgreSQL keeps neither U+0000 nor half a surrogate pair. */
const storable = (_: string, value: unknown) =>
  typeof value === 'string' ? value.replaceAll('\u0000', '').toWellFormed() : value;

/** Null when trying again now is of no use. */
function retryDelay(error: unknown, retryPauseMs: number): number | null {
  if (!(error instanceof OpenAI.APIError) || isTimeout(error)) return null;
  const status = error.status as number | undefined;
  if (status !== undefined && status !== 429 && status < 500) return null;
  const asked = retryAfterMs(error);
  if (asked === null) return retryPauseMs;
  return asked <= RETRY_AFTER_MS_MAX ? asked : null;
}

/** RFC 9110: seconds, or the time itself. */
function retryAfterMs({ headers }: InstanceType<typeof OpenAI.APIError>): number | null {
  const said = headers?.get('retry-after');
  if (!said) return null;
  const ms = /^\d+(\.\d+)?$/.test(said.trim()) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(ms, 0);
}

const isTimeout = (error: unknown) =>
  error instanceof OpenAI.APIConnectionTimeoutError || error instanceof OpenAI.APIUserAbortError;

function unavailable(error: unknown, uncounted: number): Error {
  const told = classOf(error);
  if (told instanceof ModelUnavailable) told.uncounted = uncounted;
  return told;
}

function classOf(error: unknown): Error {
  if (isTimeout(error)) return new ModelUnavailable('timeout', true);
  if (error instanceof OpenAI.APIError) {
    const status = error.status as number | undefined;
    if (status === undefined) return new ModelUnavailable('connection', true);
    return new ModelUnavailable(`http ${status}`, ![400, 413, 422].includes(status), retryAfterMs(error) ?? 0);
  }
  // A body that is no JSON, or a connection cut in the middle of one.
  if (error instanceof SyntaxError || error instanceof TypeError || isAborted(error))
    return new ModelUnavailable(isAborted(error) ? 'timeout' : 'broken answer', true);
  return error instanceof Error ? error : new Error(String(error));
}

/** A gateway that waited in vain: whoever stands behind it may have written an answer. 524 is Cloudflare's. */
const waitedInVain = new Set<unknown>([408, 504, 524]);
/** Of a connection that never came about: nothing was asked over it. */
const neverLeft = new Set<unknown>([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether the endpoint may have worked on a question it gave no answer to, and charge for it. An error it answers with is free. */
export function mayBeCharged(error: unknown): boolean {
  if (isTimeout(error) || isAborted(error)) return true;
  if (!(error instanceof OpenAI.APIError))
    return error instanceof ReplyTooLarge || error instanceof SyntaxError || error instanceof TypeError;
  const status: unknown = error.status;
  if (status !== undefined) return waitedInVain.has(status);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (neverLeft.has(code) || /^(CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_/.test(String(code))) return false;
  }
  return true;
}

const isAborted = (error: unknown) =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');

/** For endpoints that count no tokens; on the high side, since the budget is kept by it. */
export const guessedTokens = (text: string) => Math.ceil(Buffer.byteLength(text) / 3);

/** Of an answer that has not come yet. */
const OUTPUT_TOKENS_EXPECTED = 1500;

const guessedInputTokens = (messages: CallOptions['messages']) =>
  guessedTokens(messages.map(({ content }) => String(content)).join(''));
