import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { z } from 'zod';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { CallbackEvent, PlatformStream } from '#server/platform/callback.ts';
import type { DingtalkApi } from './dingtalk-api.ts';
import { cardEvent, eventsOf, parsed, robotEvent, timeOf, type UserOf } from './dingtalk-event.ts';

export interface StreamApp {
  clientId: string;
  clientSecret: string;
  userOf: UserOf;
  now(): Date;
}

export interface StreamTiming {
  /** Between two attempts to connect: the first pause, doubled each time, and the longest. */
  pauseMsMin: number;
  pauseMsMax: number;
  /** A connection that held this long was a good one: the next is tried at once. */
  goodAfterMs: number;
  /** How long a connection may take to open. */
  openMsMax: number;
  /** We ask for a sign of life this often; one that gives none for `silenceMsMax` is dead. */
  pingEveryMs: number;
  silenceMsMax: number;
  /** Told that a connection will end, DingTalk ends it after about 10 s; by then we end it ourselves. */
  retiredMsMax: number;
}

export const streamTiming: StreamTiming = {
  pauseMsMin: 1000,
  pauseMsMax: 60_000,
  goodAfterMs: 30_000,
  openMsMax: 10_000,
  pingEveryMs: 15_000,
  silenceMsMax: 45_000,
  retiredMsMax: 15_000,
};

/** Nothing DingTalk sends comes near it. */
const frameBytesMax = 1_048_576;

const robotTopic = '/v1.0/im/bot/messages/get';
const cardTopic = '/v1.0/card/instances/callback';
const subscriptions = [
  { type: 'EVENT', topic: '*' },
  { type: 'CALLBACK', topic: robotTopic },
  { type: 'CALLBACK', topic: cardTopic },
];

type Receive = (event: CallbackEvent) => Promise<void>;
type Observe = (state: 'connected' | 'disconnected', why: string) => void;

/**
 * K: developerpedia, stream/protocol. Of several connections of one app each message goes to one, so every process of ours
 * may hold one; what comes twice all the same is told by its body.
 */
export function makeStream(api: DingtalkApi, app: StreamApp, timing: StreamTiming = streamTiming): PlatformStream {
  return {
    open(receive, observe) {
      const closing = new AbortController();
      const connections = new Set<Connection>();
      const kept = keepOpen({ api, app, timing, receive, observe, closing: closing.signal, connections });
      return {
        async close() {
          closing.abort();
          await Promise.all([...connections].map((connection) => connection.end()));
          await kept;
        },
      };
    },
  };
}

interface Keeping {
  api: DingtalkApi;
  app: StreamApp;
  timing: StreamTiming;
  receive: Receive;
  observe: Observe;
  closing: AbortSignal;
  connections: Set<Connection>;
}

/** One connection after the other, each with a ticket of its own, until told to close. */
async function keepOpen(keeping: Keeping): Promise<void> {
  const { timing, observe, closing, connections } = keeping;
  let failures = 0;
  while (!closing.aborted) {
    const startedMs = performance.now();
    let pauseMsMin = 0;
    try {
      const connection = connect(keeping, await orClosed(openTicket(keeping), closing));
      connections.add(connection);
      void connection.ended.then(() => connections.delete(connection));
      await connection.opened;
      observe('connected', '');
      observe('disconnected', await connection.done);
    } catch (error) {
      observe('disconnected', reasonOf(error));
      pauseMsMin = error instanceof PlatformError ? error.retryAfterMs : 0;
    }
    const wasGood = performance.now() - startedMs >= timing.goodAfterMs;
    failures = wasGood ? 0 : failures + 1;
    await pause(pauseMs(failures, timing, pauseMsMin), closing);
  }
}

/** Whoever closes does not wait for an answer that may not come. */
async function orClosed<Result>(promise: Promise<Result>, closing: AbortSignal): Promise<Result> {
  const { promise: closed, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new Error('closed here'));
  if (closing.aborted) stop();
  closing.addEventListener('abort', stop, { once: true });
  return Promise.race([promise, closed]).finally(() => closing.removeEventListener('abort', stop));
}

/** Many processes that lost their connections at once shall not come back at once. */
function pauseMs(failures: number, { pauseMsMin, pauseMsMax }: StreamTiming, atLeastMs: number): number {
  if (failures === 0) return atLeastMs;
  const longest = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(failures - 1, 20));
  return Math.max(atLeastMs, longest * (0.5 + Math.random() / 2));
}

async function pause(ms: number, closing: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal: closing }).catch(() => {});
}

const ticketAnswer = z.object({ endpoint: z.url({ protocol: /^wss?$/ }), ticket: z.string().min(1) });

/** A ticket is good for 90 s and one connection. */
async function openTicket({ api, app }: Keeping): Promise<URL> {
  const { endpoint, ticket } = await api.call({
    path: '/v1.0/gateway/connections/open',
    body: { clientId: app.clientId, clientSecret: app.clientSecret, ua: 'zhike', subscriptions },
    token: 'none',
    answer: ticketAnswer,
  });
  const url = new URL(endpoint);
  url.searchParams.set('ticket', ticket);
  return url;
}

interface Connection {
  /** Rejects when it never opened. */
  opened: Promise<void>;
  /** Resolves with the reason as soon as another connection is needed. */
  done: Promise<string>;
  /** Resolves when nothing comes over it any more. */
  ended: Promise<void>;
  /** Ends it, after what has come is stored. */
  end(): Promise<void>;
}

function connect({ app, timing, receive, closing }: Keeping, url: URL): Connection {
  const opened = Promise.withResolvers<void>();
  const done = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  const underway = new Set<Promise<void>>();
  const socket = new WebSocket(url, {
    maxPayload: frameBytesMax,
    handshakeTimeout: timing.openMsMax,
    perMessageDeflate: false,
    followRedirects: false,
  });
  let heardMs = performance.now();
  let why = '';
  const hear = () => void (heardMs = performance.now());
  const end = (reason: string) => {
    why ||= reason;
    socket.close(1000);
    setTimeout(() => socket.terminate(), 1000).unref();
  };

  const handle = async (frame: Frame): Promise<void> => {
    // A frame that we fail at must not end the process with it.
    const ack = await answerTo(frame, app, receive).catch(() => failed);
    if (ack && socket.readyState === WebSocket.OPEN) socket.send(ackOf(frame, ack));
  };

  const heartbeat = setInterval(() => {
    if (performance.now() - heardMs > timing.silenceMsMax) {
      why ||= 'silent';
      socket.terminate();
    } else if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, timing.pingEveryMs);

  socket.on('open', () => (closing.aborted ? end('closed here') : opened.resolve()));
  for (const sign of ['ping', 'pong'] as const) socket.on(sign, hear);
  socket.on('error', (error) => {
    why ||= codeOf(error);
  });
  socket.on('close', (code) => {
    clearInterval(heartbeat);
    opened.reject(new Error(why || `closed ${code}`));
    done.resolve(why || `closed ${code}`);
    void Promise.allSettled(underway).then(() => ended.resolve());
  });
  socket.on('message', (data, isBinary) => {
    hear();
    const frame = isBinary ? null : frameOf(String(data));
    if (!frame) return;
    if (frame.type === 'SYSTEM' && frame.headers.topic === 'disconnect') {
      done.resolve('asked to reconnect');
      setTimeout(() => end('asked to reconnect'), timing.retiredMsMax).unref();
      return;
    }
    const handled = handle(frame).finally(() => underway.delete(handled));
    underway.add(handled);
  });
  // A connection that fails before anybody waits for it is no unhandled rejection.
  opened.promise.catch(() => {});

  return {
    opened: opened.promise,
    done: done.promise,
    ended: ended.promise,
    async end() {
      // What has come may still be acknowledged.
      await Promise.race([Promise.allSettled(underway), sleep(3000, undefined, { ref: false })]);
      end('closed here');
      await ended.promise;
    },
  };
}

const frame = z.object({
  type: z.string(),
  headers: z.looseObject({ topic: z.string().catch(''), messageId: z.string().min(1).max(200) }),
  data: z.string().catch(''),
});
type Frame = z.infer<typeof frame>;

/** Null for what is no frame: it is not for us to judge, and nothing to answer. */
function frameOf(text: string): Frame | null {
  try {
    return frame.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

interface Ack {
  code: 200 | 404 | 500;
  data: string;
}

const failed: Ack = { code: 500, data: '{}' };

/** Null for what wants no answer. */
async function answerTo(frame: Frame, app: StreamApp, receive: Receive): Promise<Ack | null> {
  const { type, headers, data } = frame;
  if (type === 'SYSTEM') return headers.topic === 'ping' ? { code: 200, data } : null;
  const events = eventsIn(frame, app);
  if (!events) return { code: 404, data: '{}' };
  const isStored = await storeAll(events, receive);
  if (type === 'EVENT') {
    const status = isStored ? { status: 'SUCCESS' } : { status: 'LATER', message: 'not stored' };
    return { code: 200, data: JSON.stringify(status) };
  }
  return { code: isStored ? 200 : 500, data: '{"response":null}' };
}

async function storeAll(events: CallbackEvent[], receive: Receive): Promise<boolean> {
  const stored = await Promise.allSettled(events.map(async (event) => receive(event)));
  return stored.every(({ status }) => status === 'fulfilled');
}

/** Null for topics nobody asked for. */
function eventsIn({ type, headers, data }: Frame, { userOf, now }: StreamApp): CallbackEvent[] | null {
  const fields = parsed(data);
  const identity = `${headers.messageId}\n${data}`;
  if (type === 'EVENT') {
    const { eventType, eventId } = headers;
    const name = typeof eventType === 'string' && eventType ? eventType : 'nameless';
    const at = timeOf(headers, ['eventBornTime', 'time'], now());
    return eventsOf({ name, fields, eventId: typeof eventId === 'string' ? eventId : '', at }, identity, userOf);
  }
  if (type !== 'CALLBACK') return null;
  if (headers.topic === robotTopic) return [robotEvent(fields, identity, now())];
  if (headers.topic === cardTopic)
    return [cardEvent(fields, { identity, messageKey: headers.messageId, receivedAt: now() })];
  return null;
}

function ackOf({ headers }: Frame, { code, data }: Ack): string {
  const message = code === 200 ? 'OK' : 'not done';
  return JSON.stringify({
    code,
    message,
    headers: { contentType: 'application/json', messageId: headers.messageId },
    data,
  });
}

/** Codes only: messages name addresses, and with them a ticket. */
function reasonOf(error: unknown): string {
  if (error instanceof PlatformError) return [error.kind, error.code].filter(Boolean).join(' ');
  return error instanceof Error ? error.message.slice(0, 100) : 'failed';
}

function codeOf(error: Error): string {
  const status = /^Unexpected server response: (\d{3})$/.exec(error.message)?.[1];
  if (status) return `HTTP ${status}`;
  const { code } = error as NodeJS.ErrnoException;
  return code ?? 'failed';
}
