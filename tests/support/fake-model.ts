import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach } from 'vitest';

export interface AskedOfModel {
  model: string;
  temperature?: number;
  response_format?: { type: string };
  messages: { role: string; content: string }[];
}

/** What the endpoint does with a call: words of an answer, an HTTP status, silence, half an answer, or one without end. */
export type ModelBehaviour =
  | {
      say: string | ((asked: AskedOfModel) => string);
      /** What it counts, beside 1000 tokens in and 200 out; false: nothing. */
      usage?: false | Record<string, unknown>;
      finish?: 'stop' | 'length' | 'content_filter';
    }
  | { status: number; headers?: Record<string, string> }
  | { body: string; type?: string }
  | 'hangs'
  | 'hangs up'
  | 'drips'
  | 'drips on'
  | 'never ends'
  | 'cuts off'
  | 'wants no schema';

export interface FakeModel {
  url: string;
  /** Behaviours of the next calls in order; the last stays. */
  does: ModelBehaviour[];
  asked: AskedOfModel[];
  env(more?: Record<string, string>): Record<string, string>;
}

/** An OpenAI-compatible endpoint on loopback that can be told how to behave, well or not. */
export function useFakeModel(): FakeModel {
  const fake = { url: '', does: [], asked: [] } as unknown as FakeModel;
  fake.env = (more = {}) => ({
    OPENAI_BASE_URL: fake.url,
    OPENAI_API_KEY: 'key',
    OPENAI_MODEL: 'fake-model',
    LLM_TIMEOUT_MS: '10000',
    ...more,
  });
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      void (async () => {
        const asked = JSON.parse(await bodyOf(request)) as AskedOfModel;
        fake.asked.push(asked);
        const does = (fake.does.length > 1 ? fake.does.shift() : fake.does[0]) ?? { status: 500 };
        if (does === 'hangs') return;
        if (does === 'hangs up') {
          request.socket.destroy();
          return;
        }
        if (does === 'cuts off') {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
          response.write('{"choices":[');
          setImmediate(() => response.destroy());
          return;
        }
        if (does === 'drips') {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write('{"choices":');
          return;
        }
        if (does === 'drips on' || does === 'never ends') {
          response.writeHead(200, { 'content-type': 'application/json' });
          await pour(response, does === 'never ends' ? ' '.repeat(65_536) : ' ', does === 'never ends' ? 0 : 10);
          return;
        }
        const reply = replyTo(does, asked);
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
        response.end(reply.body);
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });

  beforeEach(() => {
    fake.does = [];
    fake.asked = [];
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  return fake;
}

/** Until whoever listens is gone. */
async function pour(response: ServerResponse, piece: string, everyMs: number): Promise<void> {
  while (!response.destroyed) await sleep(response.write(piece) ? everyMs : 10);
}

function replyTo(
  does: Exclude<ModelBehaviour, 'hangs' | 'hangs up' | 'drips' | 'drips on' | 'never ends' | 'cuts off'>,
  asked: AskedOfModel,
): { status: number; headers?: Record<string, string>; body: string } {
  if (does === 'wants no schema') {
    const isRefused = asked.response_format?.type === 'json_schema';
    return isRefused
      ? { status: 400, body: '{"error":{"message":"response_format is not supported"}}' }
      : { status: 200, body: completion('{"word":"plain"}') };
  }
  if ('status' in does) return { status: does.status, headers: does.headers ?? {}, body: '{"error":{"message":"no"}}' };
  if ('body' in does)
    return { status: 200, headers: { 'content-type': does.type ?? 'application/json' }, body: does.body };
  const content = typeof does.say === 'function' ? does.say(asked) : does.say;
  return { status: 200, body: completion(content, does) };
}

const counted = { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 };

const completion = (
  content: string,
  { usage = {}, finish = 'stop' }: Pick<Extract<ModelBehaviour, { say: unknown }>, 'usage' | 'finish'> = {},
) =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'fake-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }],
    ...(usage ? { usage: { ...counted, ...usage } } : {}),
  });
