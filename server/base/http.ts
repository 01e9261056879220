import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import getRawBody from 'raw-body';
import type { z } from 'zod';
import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';
import type { Caller } from './caller.ts';
import type { Deps } from './deps.ts';
import type { Endpoint } from './endpoint.ts';
import { Refusal, RequestInvalid } from './refusal.ts';

const JSON_BODY_BYTES_MAX = '1mb';
/** Deeper than anything anybody asks; what walks through a body would run out of stack much deeper. */
const JSON_DEPTH_MAX = 64;

export interface Asked<Params, Query, Body> {
  caller: Caller;
  params: Params;
  query: Query;
  body: Body;
  ctx: Context;
}

/**
 * What a handler answers when it is no JSON. Only pictures and films are shown in place: of anything else a browser could
 * take for a page, it is saved.
 */
export class BytesAnswer {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly name: string;

  constructor(bytes: Uint8Array, type: string, name: string) {
    this.bytes = bytes;
    this.type = type;
    this.name = name;
  }
}

const shownInPlace = new Set(['image/png', 'image/jpeg', 'video/mp4']);
/** A page shows a drawing as a picture, where nothing in it runs; opened by itself it is saved. */
const savedAsSaid = new Set(['text/csv; charset=utf-8', 'image/svg+xml']);

function answerBytes(ctx: Context, { bytes, type, name }: BytesAnswer): void {
  const isShown = shownInPlace.has(type);
  ctx.attachment(name, { type: isShown ? 'inline' : 'attachment' });
  ctx.type = isShown || savedAsSaid.has(type) ? type : 'application/octet-stream';
  ctx.body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export interface Route {
  endpoint: Endpoint;
  handle(deps: Deps, asked: Asked<never, never, never>): Promise<unknown>;
}

/** Binds an endpoint to its use case: `route(taskApi.complete, (deps, { caller, params, body }) => …)`. */
export function route<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  definition: Endpoint<Params, Query, Body, Answer>,
  handle: (deps: Deps, asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<z.input<Answer>>,
): Route {
  return { endpoint: definition as unknown as Endpoint, handle: handle as unknown as Route['handle'] };
}

/** Parses by the contract, asks the use case, answers by the contract. */
export function serve(deps: Deps, { endpoint, handle }: Route): Middleware {
  return async (ctx) => {
    const caller = ctx.state['caller'] as Caller;
    if (endpoint.roles && !endpoint.roles.includes(caller.role)) {
      throw new Refusal(
        'caller.role',
        `This needs one of these roles: ${endpoint.roles.join(', ')}. Ask an admin.`,
        403,
      );
    }
    const asked = {
      caller,
      ctx,
      params: parse(endpoint.params, 'params', (ctx as unknown as { params: unknown })['params']),
      query: parse(endpoint.query, 'query', { ...ctx.query }),
      body: endpoint.body ? parse(endpoint.body, 'body', await readJson(ctx)) : undefined,
    };
    const answer = await handle(deps, asked as unknown as Asked<never, never, never>);
    ctx.status = endpoint.status ?? 200;
    if (answer instanceof BytesAnswer) answerBytes(ctx, answer);
    else ctx.body = endpoint.answer.parse(answer) ?? {};
  };
}

function parse(schema: z.ZodType | undefined, part: string, value: unknown): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success && holdsUnstorable(result.data))
    throw new RequestInvalid([{ path: part, message: 'holds a NUL or half a character' }]);
  if (result.success) return result.data;
  throw new RequestInvalid(
    result.error.issues.map((issue) => ({ path: [part, ...issue.path].join('.'), message: issue.message })),
  );
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair, and nobody types them. */
function holdsUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed();
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => holdsUnstorable(key) || holdsUnstorable(inner));
}

async function readJson(ctx: Context): Promise<unknown> {
  const raw = await getRawBody(ctx.req, { limit: JSON_BODY_BYTES_MAX, encoding: 'utf8' });
  if (raw === '') return {};
  if (depthOf(raw) > JSON_DEPTH_MAX) throw new RequestInvalid([{ path: 'body', message: 'is nested too deep' }]);
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    throw new RequestInvalid([{ path: 'body', message: 'is not JSON' }]);
  }
}

/** How deep objects and lists lie in each other in a text that may be JSON. */
function depthOf(text: string): number {
  let [depth, deepest, isInString] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') isInString = !isInString;
    else if (isInString) at += letter === '\\' ? 1 : 0;
    else if (letter === '[' || letter === '{') deepest = Math.max(deepest, (depth += 1));
    else if (letter === ']' || letter === '}') depth -= 1;
  }
  return deepest;
}

/** Gives every request an id, turns what is thrown into an answer, and logs each answer once. */
export function answering(deps: Deps): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    const requestId = randomUUID();
    ctx.state['requestId'] = requestId;
    ctx.set('X-Request-Id', requestId);
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined)
        throw new Refusal('route.unknown', 'There is nothing at this address.', 404);
    } catch (error) {
      const { status, code, message, detail } = refusalOf(error);
      if (status >= 500) deps.log.error({ err: error, requestId }, 'request failed');
      ctx.status = status;
      ctx.body = { error: { code, message, requestId, ...(detail ? { detail } : {}) } };
    }
    const route = (ctx.state['route'] as string | undefined) ?? 'none';
    deps.metrics.httpRequests.observe(
      { method: ctx.method, route, status: String(ctx.status) },
      (performance.now() - startedAt) / 1000,
    );
    deps.log.debug(
      { requestId, method: ctx.method, route, status: ctx.status, ms: Math.round(performance.now() - startedAt) },
      'answered',
    );
  };
}

/** What a platform's refusal means to whoever asked us. */
const platformAnswers: Record<PlatformErrorKind, { status: number; code: string; message: string }> = {
  rejected: { status: 422, code: 'platform.rejected', message: 'The platform refused this. Change it and send again.' },
  not_found: {
    status: 404,
    code: 'platform.not_found',
    message: 'The platform does not know this any more, or does not show it to us. Reload the page.',
  },
  forbidden: {
    status: 503,
    code: 'platform.forbidden',
    message: 'Zhike lacks a right on the platform. Tell your admin the request id.',
  },
  rate_limited: { status: 503, code: 'platform.busy', message: 'The platform is busy. Try again in a minute.' },
  unavailable: { status: 503, code: 'platform.busy', message: 'The platform does not answer. Try again in a minute.' },
  unknown: {
    status: 503,
    code: 'platform.no_answer',
    message: 'The platform has not answered: it may have been done. Look before you try again.',
  },
};

function refusalOf(error: unknown): {
  status: number;
  code: string;
  message: string;
  detail?: Record<string, unknown> | undefined;
} {
  if (error instanceof Refusal) return error;
  if (error instanceof PlatformError) return { ...platformAnswers[error.kind], detail: { platformCode: error.code } };
  const tooLarge = (error as { type?: string } | null)?.type === 'entity.too.large';
  if (tooLarge) return { status: 413, code: 'request.too_large', message: 'The body is larger than this route takes.' };
  const aborted = (error as { type?: string } | null)?.type === 'request.aborted';
  if (aborted) return { status: 400, code: 'request.aborted', message: 'The request was cut off.' };
  return {
    status: 500,
    code: 'internal',
    message: 'Something went wrong on our side. Try again, and tell your admin the request id.',
  };
}
