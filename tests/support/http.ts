import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { makeApp } from '#server/app.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import { healthy } from './healthy.ts';
import type { World } from './world.ts';

export interface Answer {
  status: number;
  /** The parsed JSON body; the text when it is no JSON. */
  body: unknown;
  /** `error.code` of a refusal, else ''. */
  code: string;
  headers: Headers;
}

export interface Http {
  url: string;
  /** `as`: a session's cookie value, see openSession. The Origin is ours unless said otherwise. */
  ask(
    method: string,
    path: string,
    given?: { as?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
}

/** The web server of this world on a port of its own. Call after `useWorld`. */
export function useHttp(world: World): Http {
  let server: Server;
  const http = { url: '' } as Http;

  beforeAll(async () => {
    server = createServer(makeApp(world.deps, healthy).app.callback());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    http.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  http.ask = async (method, path, { as, body, headers = {} } = {}) => {
    const response = await fetch(`${http.url}${path}`, {
      method,
      headers: {
        Origin: world.deps.config.PUBLIC_URL,
        ...(as ? { Cookie: `${SESSION_COOKIE}=${as}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = parse(text);
    const code = (parsed as { error?: { code?: string } } | null)?.error?.code ?? '';
    return { status: response.status, body: parsed, code, headers: response.headers };
  };
  return http;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
