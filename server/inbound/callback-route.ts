import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import type { Middleware } from 'koa';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { Inbox } from './inbox.ts';
import { receiveCallback } from './receive-callback.ts';

/** GET and POST /callbacks/:platform. What comes is believed by its signature, so it passes before the guards of the API. */
export function callbackRoute(deps: Deps, inbox: Inbox): Middleware {
  return async (ctx, next) => {
    const { method } = ctx;
    const name = /^\/callbacks\/([^/]+)$/.exec(ctx.path)?.[1];
    if (name === undefined || (method !== 'GET' && method !== 'POST')) return next();
    ctx.state['route'] = '/callbacks/:platform';
    const platform = deps.platforms.get(name);
    const body = method === 'POST' ? await readBody(ctx.req, deps.config.CALLBACK_BODY_BYTES_MAX) : Buffer.alloc(0);
    if (!body) {
      deps.metrics.callbacks.inc({ platform: name, outcome: 'too_large' });
      throw new Refusal('callback.too_large', 'The callback is larger than CALLBACK_BODY_BYTES_MAX.', 413);
    }
    const request = {
      method,
      query: singleValues(ctx.querystring),
      headers: singleHeaders(ctx.headers),
      body,
      receivedAt: deps.now(),
    } as const;
    const { reply, replyType = 'text/plain' } = await receiveCallback(deps, inbox, { platform, request });
    ctx.body = reply;
    ctx.type = replyType;
    return undefined;
  };
}

/** Null when it is larger than `bytesMax`; the rest is then read and dropped, so that the answer arrives. */
function readBody(req: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) resolve(null);
      else chunks.push(chunk);
    });
    req.once('end', () => resolve(Buffer.concat(chunks)));
    req.once('error', () => reject(new Refusal('request.aborted', 'The request was cut off.', 400)));
  });
}

/** A parameter given twice says nothing. */
function singleValues(querystring: string): Record<string, string> {
  const values = Object.entries(parse(querystring));
  return Object.fromEntries(values.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function singleHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
