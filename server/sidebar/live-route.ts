import { PassThrough } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import type { LiveEvent, LiveTopic } from '#server/base/live.ts';
import { Refusal } from '#server/base/refusal.ts';
import { listBindings } from '#server/binding/binding-store.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { findCaller } from '#server/member/find-caller.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import { liveStream } from './sidebar-api.ts';

/** Proxies cut a stream that is silent; most of them after 30 s or more. */
const PING_EVERY_MS = 20_000;
/** A screen that reads nothing is one that is gone. */
const UNREAD_BYTES_MAX = 65_536;
const STREAM_MS_MAX = 15 * MINUTE_MS;

/** Server-sent events that say which part of the screen is no longer true. They carry no data. */
export function liveRoute(router: Router, deps: Deps, pingEveryMs = PING_EVERY_MS): void {
  router.get(liveStream.path, async (ctx) => {
    const topics = await topicsFor(deps, ctx.state['caller'] as Caller, ctx.query['contact']);
    const stream = new PassThrough();
    ctx.set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache',
      'X-Accel-Buffering': 'no',
    });
    ctx.body = stream;
    const send = (text: string) => {
      if (!stream.writable) return;
      if (stream.writableLength > UNREAD_BYTES_MAX) stream.destroy();
      else stream.write(text);
    };
    send('retry: 2000\n\nevent: ping\ndata: {}\n\n');

    const tell = (event: LiveEvent) => send(`data: ${JSON.stringify(event)}\n\n`);
    const unsubscribe = deps.live.subscribe(topics, tell);
    // What changed between the reading of the screen and now is no longer true there either.
    for (const event of deps.live.recent(topics)) tell(event);
    const ping = setInterval(() => {
      isStillFor(deps, ctx, topics).then(
        (isStill) => (isStill ? send('event: ping\ndata: {}\n\n') : stream.end()),
        () => stream.end(),
      );
    }, pingEveryMs);
    const end = setTimeout(() => stream.end(), STREAM_MS_MAX);
    stream.once('close', () => {
      unsubscribe();
      clearInterval(ping);
      clearTimeout(end);
    });
  });
}

/**
 * The stream outlives the checks at its beginning: who logged out, left or lost the contact hears nothing more. Where it
 * ends the screen asks again, and is told what is the matter or what there is to hear now.
 */
async function isStillFor(deps: Deps, ctx: Context, topics: LiveTopic[]): Promise<boolean> {
  const caller = await findCaller(deps, ctx.cookies.get(SESSION_COOKIE) ?? '');
  if (!caller) return false;
  const topicsNow = await topicsFor(deps, caller, ctx.query['contact']);
  return isDeepStrictEqual(topicsNow, topics);
}

async function topicsFor(deps: Deps, caller: Caller, contact: unknown): Promise<LiveTopic[]> {
  const own: LiveTopic[] = [`member.${caller.memberId}`];
  if (caller.role === 'admin') own.push('admin');
  if (caller.role !== 'rep') own.push('desk');
  if (contact === undefined) return own;
  const id = z.uuid().safeParse(contact).data;
  if (id === undefined) throw new Refusal('request.invalid', 'query.contact must be the id of a contact.', 400);
  await getContactByIdInScope(deps.db, caller.scope, id);
  const bindings = await listBindings(deps.db, caller.scope, id);
  return [...own, `contact.${id}`, ...bindings.map(({ customerId }) => `customer.${customerId}` as const)];
}
