import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';

/** A question as it arrives at an OpenAI-compatible endpoint. */
export interface AskedOfModel {
  /** The first part of the path: whose question it is. */
  key: string;
  model: string;
  temperature?: number;
  messages: { role: string; content: string }[];
}

export interface AnswerOfModel {
  text: string;
  inputTokens?: number;
  cachedTokens?: number;
  outputTokens?: number;
}

export interface ModelEndpoint {
  /** The base URL under which questions of `key` are asked. */
  urlFor(key: string): string;
  close(): Promise<void>;
}

/** An OpenAI-compatible endpoint over real HTTP, whose answers `answer` gives. A throw is a 500. */
export async function serveModel(
  answer: (asked: AskedOfModel) => AnswerOfModel | Promise<AnswerOfModel>,
): Promise<ModelEndpoint> {
  const server = createServer((request, response) => {
    const end = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    void (async () => {
      try {
        const [, key = ''] = (request.url ?? '').split('/');
        const said = JSON.parse(await bodyOf(request)) as Omit<AskedOfModel, 'key'>;
        const { text, ...tokens } = await answer({ ...said, key: decodeURIComponent(key) });
        end(200, completion(said.model, text, tokens));
      } catch (error) {
        end(500, { error: { message: String(error), type: 'server_error', param: null, code: null } });
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlFor: (key) => `http://127.0.0.1:${port}/${encodeURIComponent(key)}/v1`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function completion(model: string, content: string, tokens: Omit<AnswerOfModel, 'text'>) {
  const { inputTokens, outputTokens, cachedTokens } = tokens;
  const usage =
    inputTokens === undefined || outputTokens === undefined
      ? {}
      : {
          usage: {
            prompt_tokens: inputTokens,
            completion_tokens: outputTokens,
            total_tokens: inputTokens + outputTokens,
            prompt_tokens_details: { cached_tokens: cachedTokens ?? 0 },
          },
        };
  return {
    id: 'chatcmpl-eval',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    ...usage,
  };
}
