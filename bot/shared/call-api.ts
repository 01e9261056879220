import type { z } from 'zod';
import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';
import type { PlatformTools } from '#server/platform/driver.ts';

export interface ApiCall<Answer> {
  platform: string;
  /** As it may stand in a log: the path, without query or body. */
  name: string;
  url: URL;
  /** POST with a body or a form and GET without, unless said. */
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as multipart/form-data, in place of a body. */
  form?: FormData;
  /** It changes something over there: when no answer comes it may have happened, which is `unknown`. */
  changes: boolean;
  timeoutMs?: number;
  answer: z.ZodType<Answer>;
  /**
   * What an answer says in place of a result; null when it is a result. Asked about bodies of another HTTP status than 2xx
   * too, where null leaves the status to speak for itself.
   */
  refusalIn(answer: unknown, status: number): ApiRefusal | null;
}

export interface ApiRefusal {
  kind: PlatformErrorKind;
  code: string;
  message: string;
  retryAfterMs?: number;
}

/** One call, one answer of the promised shape, or PlatformError. */
export async function callApi<Answer>(tools: PlatformTools, call: ApiCall<Answer>): Promise<Answer> {
  const startedMs = performance.now();
  let code = 'ok';
  try {
    const { text, status } = await fetchText(call);
    const answer = jsonOf(call, text);
    refuseIf(call, call.refusalIn(answer, status));
    return answerOf(call, answer);
  } catch (error) {
    code = error instanceof PlatformError ? error.code || error.kind : 'fault';
    throw error;
  } finally {
    tools.observeCall({ platform: call.platform, call: call.name, code, durationMs: performance.now() - startedMs });
  }
}

export interface SharedCredential {
  name: string;
  refresh(): Promise<{ value: string; expiresInMs: number }>;
  isRefused(error: PlatformError): boolean;
}

/** With the credential all processes share; with a new one, once, when the platform no longer takes it. */
export async function withCredential<Answer>(
  tools: PlatformTools,
  credential: SharedCredential,
  attempt: (value: string) => Promise<Answer>,
): Promise<Answer> {
  const value = await tools.sharedToken(credential.name, credential.refresh);
  try {
    return await attempt(value);
  } catch (error) {
    if (!(error instanceof PlatformError && credential.isRefused(error))) throw error;
    return attempt(await tools.sharedToken(credential.name, credential.refresh, { isBad: value }));
  }
}

async function fetchText(call: ApiCall<unknown>): Promise<{ text: string; status: number }> {
  const { body, form } = call;
  try {
    const response = await fetch(call.url, {
      method: call.method ?? (body === undefined && !form ? 'GET' : 'POST'),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(form ? { body: form } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(call.timeoutMs ?? 10_000),
    });
    const { status } = response;
    const text = await response.text();
    if (response.ok) return { text, status };
    refuseIf(call, call.refusalIn(jsonOrNull(text), status));
    throw fault(call, kindOfStatus(call, response.status), `HTTP ${response.status}`, retryAfterMs(response));
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    const reason = reasonOf(error);
    throw fault(call, neverLeft(reason) ? 'unavailable' : noAnswer(call), reason.code);
  }
}

function kindOfStatus(call: ApiCall<unknown>, status: number): PlatformErrorKind {
  if (status === 429) return 'rate_limited';
  if (status === 503) return 'unavailable';
  if (status >= 500) return noAnswer(call);
  return status === 401 || status === 403 ? 'forbidden' : 'rejected';
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? '');
  if (response.status !== 429) return 0;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : 60_000;
}

function noAnswer(call: ApiCall<unknown>): PlatformErrorKind {
  return call.changes ? 'unknown' : 'unavailable';
}

interface Reason {
  code: string;
  syscall: string;
}

/** `fetch failed` says nothing; its cause does. Never the message: it may hold the URL, and with it a credential. */
function reasonOf(error: unknown): Reason {
  const cause: unknown = error instanceof Error && error.cause ? error.cause : error;
  const field = (name: string) => {
    const value: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, name) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return { code: field('code') || field('name') || 'no answer', syscall: field('syscall') };
}

const beforeAnyRequest = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function neverLeft({ code, syscall }: Reason): boolean {
  return beforeAnyRequest.has(code) || syscall === 'connect' || syscall === 'getaddrinfo';
}

function refuseIf(call: ApiCall<unknown>, refusal: ApiRefusal | null): void {
  if (refusal) throw new PlatformError(refusal.kind, { ...about(call), ...refusal });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function jsonOf(call: ApiCall<unknown>, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fault(call, noAnswer(call), 'The answer is no JSON.');
  }
}

function answerOf<Answer>(call: ApiCall<Answer>, answer: unknown): Answer {
  const parsed = call.answer.safeParse(answer);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || 'all of it');
  throw fault(call, noAnswer(call), `The answer has another shape: ${paths.join(', ')}.`);
}

function fault(call: ApiCall<unknown>, kind: PlatformErrorKind, message: string, retryAfterMs = 0): PlatformError {
  return new PlatformError(kind, { ...about(call), message, retryAfterMs });
}

function about(call: ApiCall<unknown>): { platform: string; call: string } {
  return { platform: call.platform, call: call.name };
}
