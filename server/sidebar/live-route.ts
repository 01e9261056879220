import { PassThrough } from 'node:stream';
import type Router from '@koa/router';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import type { LiveTopic } from '#server/base/live.ts';
import { Refusal } from '#server/base/refusal.ts';
import { listBindings } from '#server/binding/binding-store.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';

/** Proxies cut a stream that is silent; most of them after 30 s or more. */
const PING_EVERY_MS = 20_000;
/** The stream outlives the session check at its beginning; ending it makes the browser ask again. */
const STREAM_MS_MAX = 15 * 60_000;

/** Server-sent events that say which part of the screen is no longer true. They carry no data. */
export function liveRoute(router: Router, deps: Deps): void {
  router.get('/api/live', async (ctx) => {
    const caller = ctx.state['caller'] as Caller;
    const topics = await topicsFor(deps, caller, ctx.query['contact']);
    const stream = new PassThrough();
    ctx.set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache',
      'X-Accel-Buffering': 'no',
    });
    ctx.body = stream;
    stream.write('retry: 2000\n\nevent: ping\ndata: {}\n\n');

    const unsubscribe = deps.live.subscribe(topics, (event) => stream.write(`data: ${JSON.stringify(event)}\n\n`));
    const ping = setInterval(() => stream.write('event: ping\ndata: {}\n\n'), PING_EVERY_MS);
    const end = setTimeout(() => stream.end(), STREAM_MS_MAX);
    stream.once('close', () => {
      unsubscribe();
      clearInterval(ping);
      clearTimeout(end);
    });
  });
}

async function topicsFor(deps: Deps, caller: Caller, contact: unknown): Promise<LiveTopic[]> {
  const own: LiveTopic[] = [`member.${caller.memberId}`];
  if (caller.role === 'admin') own.push('admin');
  if (contact === undefined) return own;
  if (typeof contact !== 'string' || !/^[0-9a-f-]{36}$/i.test(contact)) {
    throw new Refusal('request.invalid', 'query.contact must be the id of a contact.', 400);
  }
  await getContactByIdInScope(deps.db, caller.scope, contact);
  const bindings = await listBindings(deps.db, caller.scope, contact);
  return [...own, `contact.${contact}`, ...bindings.map(({ customerId }) => `customer.${customerId}` as const)];
}
