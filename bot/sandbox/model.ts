import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { answerPrompt } from './model-answer.ts';
import { jsonIn, type Stage } from './stage.ts';

export const modelName = 'sandbox-stub';
const detailMax = 16_000;

const part = z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))]);
const chatAsked = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: part.nullish() })).min(1),
});

/** An OpenAI-compatible endpoint that reads by rules. It says so of itself in `model` and `system_fingerprint`. */
export async function modelDoor(
  stage: Stage,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  raw: Buffer,
): Promise<void> {
  const startedAt = performance.now();
  const call = url.pathname.slice('/v1/'.length);
  const said = await answer(stage, request, call, raw);
  const ms = Math.round(performance.now() - startedAt);
  stage.log({ kind: 'model', name: call, code: String(said.status), ms, detail: said.detail });
  response.writeHead(said.status, { 'content-type': 'application/json; charset=utf-8', ...said.headers });
  response.end(JSON.stringify(said.body));
}

interface Said {
  status: number;
  body: unknown;
  detail: string;
  headers?: Record<string, string>;
}

const problem = (status: number, code: string, message: string, headers?: Record<string, string>): Said => ({
  status,
  body: { error: { message, type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code } },
  detail: code,
  headers,
});

async function answer(stage: Stage, request: IncomingMessage, call: string, raw: Buffer): Promise<Said> {
  if (request.headers.authorization !== `Bearer ${stage.world.company.modelKey}`) {
    return problem(401, 'invalid_api_key', 'Incorrect API key provided.');
  }
  if (call === 'models' && request.method === 'GET') {
    const one = { id: modelName, object: 'model', created: 1_700_000_000, owned_by: 'sandbox' };
    return { status: 200, body: { object: 'list', data: [one] }, detail: '' };
  }
  if (call !== 'chat/completions' || request.method !== 'POST') return problem(404, 'not_found', 'No such call.');
  const asked = chatAsked.safeParse(jsonIn(raw));
  if (!asked.success) return problem(400, 'invalid_request', z.prettifyError(asked.error));
  if (asked.data.model !== modelName) return problem(404, 'model_not_found', `There is ${modelName} only.`);

  const { mode, delayMs } = stage.world.faults.model;
  if (mode === 'down') return problem(503, 'unavailable', 'The model is down.');
  if (mode === 'rate_limited') return problem(429, 'rate_limit_exceeded', 'Too many requests.', { 'retry-after': '5' });
  if (mode === 'slow') await pause(delayMs, undefined, { ref: false });

  const prompt = asked.data.messages.map((message) => ({ role: message.role, text: textOf(message.content) }));
  const content = answerPrompt(prompt, mode);
  const promptTokens = tokensOf(prompt.map((message) => message.text).join(''));
  const completionTokens = tokensOf(content);
  return {
    status: 200,
    detail: [
      `${mode === 'up' ? '' : `${mode}, `}${promptTokens} + ${completionTokens} tokens`,
      ...prompt.map((message) => `${message.role}: ${message.text}`),
      `answer: ${content}`,
    ]
      .join('\n\n')
      .slice(0, detailMax),
    body: {
      id: `chatcmpl-sandbox-${stage.now().toString(36)}`,
      object: 'chat.completion',
      created: Math.floor(stage.now() / 1000),
      model: modelName,
      system_fingerprint: 'sandbox-stub: rules, no language model',
      choices: [
        { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
      },
    },
  };
}

function textOf(content: z.infer<typeof part> | null | undefined): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((one) => one.text ?? '').join('\n');
}

/** Roughly as tokenizers do: a Chinese character is one and a bit less, four Latin letters are one. */
function tokensOf(text: string): number {
  const wide = text.match(/[\u3000-\u9fff\uff00-\uffef]/g)?.length ?? 0;
  return Math.ceil(wide * 0.7 + (text.length - wide) / 4);
}
