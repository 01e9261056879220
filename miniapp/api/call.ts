import { ApiError } from './api-error.ts';

const TIMEOUT_MS = 20_000;

type OutputOf<Schema> = Schema extends { _zod: { output: infer Output } } ? Output : never;
type InputOf<Schema> = Schema extends { _zod: { input: infer Input } } ? Input : undefined;
type Part = 'params' | 'query' | 'body';
type SentIn<Endpoint, Name extends Part> = Endpoint extends { [Key in Name]?: infer Schema }
  ? InputOf<NonNullable<Schema>>
  : undefined;

/** What a call sends: the parts its contract names. */
export type Sent<Endpoint> = {
  [Name in Part as SentIn<Endpoint, Name> extends undefined ? never : Name]: SentIn<Endpoint, Name>;
};
export type Answer<Endpoint> = Endpoint extends { answer: infer Schema } ? OutputOf<Schema> : never;

export interface Call<Endpoint> {
  (...sent: keyof Sent<Endpoint> extends never ? [] : [Sent<Endpoint>]): Promise<Answer<Endpoint>>;
  readonly method: string;
  readonly path: string;
}

/** Binds a contract's type to its address. tests/miniapp checks that the address is the contract's. */
export function to<Endpoint>(method: string, path: string): Call<Endpoint> {
  const call = (sent: Partial<Record<Part, unknown>> = {}) => request(method, path, sent);
  return Object.assign(call as unknown as Call<Endpoint>, { method, path });
}

type Unauthorised = (sentAt: number) => void;
let unauthorised: Unauthorised | null = null;

/** Called once for every answer that says there was no session when it was asked for (`performance.now()`). */
export function onUnauthorised(listener: Unauthorised): void {
  unauthorised = listener;
}

async function request(method: string, path: string, sent: Partial<Record<Part, unknown>>): Promise<unknown> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  const sentAt = performance.now();
  let response: Response;
  let text: string;
  try {
    response = await fetch(addressOf(path, sent), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: sent.body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: sent.body === undefined ? null : JSON.stringify(sent.body),
      signal: abort.signal,
    });
    text = await response.text();
  } catch {
    throw abort.signal.aborted
      ? new ApiError('timeout', 'No answer in time.', 0, null)
      : new ApiError('offline', 'The server could not be reached.', 0, null);
  } finally {
    clearTimeout(timer);
  }
  const requestId = response.headers.get('X-Request-Id');
  return answerIn({ sentAt, ok: response.ok, status: response.status, requestId, text });
}

/** A response, however it was fetched. */
interface Received {
  sentAt: number;
  ok: boolean;
  status: number;
  requestId: string | null;
  text: string;
}

/** What the server answered; throws what it refused. */
export function answerIn(received: Received): unknown {
  const body = parsed(received.text);
  if (received.ok && body !== undefined) return body;
  const error = errorOf(received, body);
  if (error.status === 401) unauthorised?.(received.sentAt);
  throw error;
}

export function addressOf(path: string, { params, query }: Partial<Record<Part, unknown>>): string {
  const given = (params ?? {}) as Record<string, string>;
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(given[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const asked = search.toString();
  return asked ? `${filled}?${asked}` : filled;
}

/** Undefined when it is not JSON: a proxy's page, or nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function errorOf(received: Received, body: unknown): ApiError {
  const said = (body as { error?: Record<string, unknown> } | undefined)?.error ?? {};
  const { code, message, requestId, detail } = said;
  return new ApiError(
    typeof code === 'string' ? code : 'answer.unreadable',
    typeof message === 'string' ? message : `HTTP ${received.status}`,
    received.ok ? 502 : received.status,
    typeof requestId === 'string' ? requestId : received.requestId,
    typeof detail === 'object' && detail !== null ? (detail as Record<string, unknown>) : {},
  );
}
