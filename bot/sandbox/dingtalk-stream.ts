import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { DingtalkRefusal, paramRefused, rows, text } from './dingtalk-call.ts';
import type { DingtalkEvent } from './dingtalk-world.ts';
import { jsonIn, type Stage } from './stage.ts';

/** P: a ticket is good for one connection within 90 s; a server that says disconnect closes about 10 s later. */
export interface StreamTiming {
  ticketMs: number;
  disconnectMs: number;
  pingMs: number;
}
export const streamTiming: StreamTiming = { ticketMs: 90_000, disconnectMs: 10_000, pingMs: 30_000 };

const frameBytesMax = 1024 * 1024;

interface Subscription {
  type: 'EVENT' | 'CALLBACK';
  topic: string;
}

interface Connection {
  id: string;
  socket: WebSocket;
  subscriptions: Subscription[];
  /** It was told to leave: nothing new goes there. */
  isLeaving: boolean;
  unanswered: number;
}

interface Ack {
  code: number;
  data: Record<string, unknown>;
}

/** The Stream gateway: hands out tickets, keeps the product's connections and speaks frames with them. */
export function streamGateway(
  stage: Pick<Stage, 'world' | 'url' | 'now' | 'tell' | 'log'>,
  timing: StreamTiming,
  connected: () => void,
) {
  const server = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax });
  const tickets = new Map<string, { subscriptions: Subscription[]; expiresAt: number }>();
  const connections = new Set<Connection>();
  const waiting = new Map<string, { connection: Connection; resolve: (ack: Ack | null) => void }>();
  const timers = new Set<NodeJS.Timeout>();
  const beat = setInterval(pingAll, timing.pingMs);
  beat.unref();

  function openConnection(body: Record<string, unknown>): { endpoint: string; ticket: string } {
    const { app, faults } = stage.world.dingtalk;
    const refuse = paramRefused('param.error');
    const isKnown =
      text(body, 'clientId', refuse) === app.clientId && text(body, 'clientSecret', refuse) === app.clientSecret;
    if (!isKnown) throw new DingtalkRefusal('invalidClientIdOrSecret', '无效的clientId或者clientSecret', 401);
    if (faults.stream.cut)
      throw new DingtalkRefusal('ServiceUnavailable', 'The service is temporarily unavailable.', 503);
    const subscriptions = rows(body['subscriptions'], 'subscriptions', refuse).map((one): Subscription => {
      const type = text(one, 'type', refuse);
      if (type !== 'EVENT' && type !== 'CALLBACK') throw refuse('subscriptions.type is invalid');
      return { type, topic: text(one, 'topic', refuse) };
    });
    if (subscriptions.length === 0) throw refuse('subscriptions is blank');
    const ticket = randomUUID();
    tickets.set(ticket, { subscriptions, expiresAt: stage.now() + timing.ticketMs });
    for (const [old, { expiresAt }] of tickets) if (expiresAt <= stage.now()) tickets.delete(old);
    return { endpoint: `${stage.url.replace(/^http/, 'ws')}/connect`, ticket };
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', stage.url);
    const value = url.searchParams.get('ticket') ?? '';
    const ticket = tickets.get(value);
    tickets.delete(value);
    const isGood = url.pathname === '/connect' && ticket !== undefined && ticket.expiresAt > stage.now();
    if (!isGood || stage.world.dingtalk.faults.stream.cut) {
      stage.log({ kind: 'push', name: 'dingtalk connect', code: '401', ms: 0, detail: '' });
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    server.handleUpgrade(request, socket, head, (opened) => welcome(opened, ticket.subscriptions));
  }

  function welcome(socket: WebSocket, subscriptions: Subscription[]): void {
    const connection = { id: randomUUID(), socket, subscriptions, isLeaving: false, unanswered: 0 };
    connections.add(connection);
    socket.on('message', (data: Buffer) => hear(connection, data));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      connections.delete(connection);
      for (const one of waiting.values()) if (one.connection === connection) one.resolve(null);
      changed();
    });
    send(connection, 'SYSTEM', 'CONNECTED', {}, {});
    send(connection, 'SYSTEM', 'REGISTERED', {}, {});
    const topics = subscriptions.map(({ type, topic }) => `${type} ${topic}`).join('\n');
    stage.log({ kind: 'push', name: 'dingtalk connect', code: '101', ms: 0, detail: topics });
    changed();
    connected();
  }

  const changed = () => stage.tell({ type: 'dingtalk', part: 'stream', user: null });

  function hear(connection: Connection, data: Buffer): void {
    connection.unanswered = 0;
    const frame = jsonIn(Buffer.from(data)) as Record<string, unknown> | null;
    const headers = frame?.['headers'] as Record<string, unknown> | undefined;
    const messageId = String(headers?.['messageId'] ?? '');
    const asked = waiting.get(messageId);
    if (asked?.connection !== connection) return;
    const said = jsonIn(Buffer.from(String(frame?.['data'] ?? '')));
    const isObject = typeof said === 'object' && said !== null;
    asked.resolve({ code: Number(frame?.['code']), data: isObject ? (said as Record<string, unknown>) : {} });
  }

  function send(
    connection: Connection,
    type: 'SYSTEM' | 'EVENT' | 'CALLBACK',
    topic: string,
    data: Record<string, unknown>,
    headers: Record<string, string>,
  ): string {
    const { app } = stage.world.dingtalk;
    const messageId = randomBytes(12).toString('hex');
    const frame = {
      specVersion: '1.0',
      type,
      headers: {
        appId: app.clientId,
        connectionId: connection.id,
        contentType: 'application/json',
        messageId,
        time: String(stage.now()),
        topic,
        ...headers,
      },
      data: JSON.stringify(data),
    };
    connection.socket.send(JSON.stringify(frame));
    return messageId;
  }

  /** Any of those that asked for it: the platform spreads its messages over an app's connections. */
  function choose(wants: (subscription: Subscription) => boolean): Connection | null {
    const able = [...connections].filter((one) => !one.isLeaving && one.subscriptions.some(wants));
    return able[Math.floor(Math.random() * able.length)] ?? null;
  }

  /** What the product said to a message; null when it said nothing in time, or the connection ended. */
  async function answerTo(connection: Connection, messageId: string, withinMs: number): Promise<Ack | null> {
    const { promise, resolve } = Promise.withResolvers<Ack | null>();
    const timer = setTimeout(() => resolve(null), withinMs);
    timers.add(timer);
    waiting.set(messageId, { connection, resolve });
    const ack = await promise;
    waiting.delete(messageId);
    clearTimeout(timer);
    timers.delete(timer);
    return ack;
  }

  function pingAll(): void {
    for (const one of connections) {
      if (one.unanswered >= 2) one.socket.terminate();
      else send(one, 'SYSTEM', 'ping', { opaque: randomUUID() }, {});
      one.unanswered += 1;
    }
  }

  return {
    openConnection,
    upgrade,
    connections: () => [...connections].filter((one) => !one.isLeaving).length,

    /** taken: acknowledged; later: asked to tell it again; silent: no word; nobody: there is no connection for it. */
    async tell(event: DingtalkEvent, withinMs: number): Promise<'taken' | 'later' | 'silent' | 'nobody'> {
      const connection = choose((one) => one.type === 'EVENT' && isMeant(one.topic, event));
      if (!connection) return 'nobody';
      const messageId = send(connection, 'EVENT', '*', event.fields, {
        eventType: event.type,
        eventId: event.id,
        eventBornTime: String(event.bornAt),
        eventCorpId: stage.world.dingtalk.app.corpId,
        eventUnifiedAppId: stage.world.dingtalk.app.agentId,
      });
      const ack = await answerTo(connection, messageId, withinMs);
      if (!ack) return 'silent';
      return ack.code === 200 && ack.data['status'] !== 'LATER' ? 'taken' : 'later';
    },

    async ask(topic: string, data: Record<string, unknown>, withinMs: number): Promise<unknown> {
      const connection = choose((one) => one.type === 'CALLBACK' && (one.topic === topic || one.topic === '*'));
      if (!connection) return null;
      const ack = await answerTo(connection, send(connection, 'CALLBACK', topic, data, {}), withinMs);
      return ack?.code === 200 ? (ack.data['response'] ?? {}) : null;
    },

    cut(gently: boolean): void {
      for (const one of connections) {
        if (!gently) {
          one.socket.terminate();
          continue;
        }
        one.isLeaving = true;
        send(one, 'SYSTEM', 'disconnect', { reason: 'connection is expired' }, {});
        const timer = setTimeout(() => {
          timers.delete(timer);
          one.socket.close();
        }, timing.disconnectMs);
        timers.add(timer);
      }
      changed();
    },

    stop(): void {
      clearInterval(beat);
      for (const timer of timers) clearTimeout(timer);
      for (const one of waiting.values()) one.resolve(null);
      for (const one of connections) one.socket.terminate();
      server.close();
    },
  };
}

/** A topic is '*', an event's type, or a path of filters: /v1.0/event/<type>/<field>/<value>/… with * for any value. */
function isMeant(topic: string, event: DingtalkEvent): boolean {
  if (topic === '*' || topic === event.type) return true;
  const [, , , type, ...filters] = topic.split('/');
  if (!topic.startsWith('/v1.0/event/') || type !== event.type) return false;
  for (let at = 0; at + 1 < filters.length; at += 2) {
    const wanted = filters[at + 1];
    if (wanted !== '*' && String(event.fields[filters[at] ?? '']) !== wanted) return false;
  }
  return true;
}
