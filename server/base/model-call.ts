import { setTimeout as pause } from 'node:timers/promises';
import OpenAI, { type ClientOptions } from 'openai';
import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionMessageParam } from 'openai/resources/chat';
import { z } from 'zod';
import type { Config } from './config.ts';
import { mayBeCharged, ReplyTooLarge, retryDelay, unavailable } from './model-failure.ts';

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
  const client = openClient(config, { fetch: boundedFetch });
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

/** The configured endpoint. Whoever asks decides whether to try again. */
export const openClient = (config: Config, options: ClientOptions = {}): OpenAI =>
  new OpenAI({
    baseURL: config.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
    apiKey: config.OPENAI_API_KEY ?? 'none',
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: config.LLM_TIMEOUT_MS,
    // Its debug level prints prompts.
    logLevel: 'off',
    ...options,
  });

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

/** For endpoints that count no tokens; on the high side, since the budget is kept by it. */
export const guessedTokens = (text: string) => Math.ceil(Buffer.byteLength(text) / 3);

/** Of an answer that has not come yet. */
const OUTPUT_TOKENS_EXPECTED = 1500;

const guessedInputTokens = (messages: CallOptions['messages']) =>
  guessedTokens(messages.map(({ content }) => String(content)).join(''));
