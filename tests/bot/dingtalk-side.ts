import WebSocket from 'ws';
import type {
  DingtalkAct,
  DingtalkActResult,
  DingtalkFaultEdit,
  DingtalkPhone,
  DingtalkSettingsEdit,
  DingtalkState,
} from '#bot/sandbox/dingtalk-phone-api.ts';
import type { SandboxWorld } from './sandbox-world.ts';

export interface Frame {
  type: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}

export type Answered = Record<string, unknown> & { status: number };

const pushTopics = [
  { type: 'EVENT', topic: '*' },
  { type: 'CALLBACK', topic: '/v1.0/card/instances/callback' },
  { type: 'CALLBACK', topic: '/v1.0/im/bot/messages/get' },
];

/** What a product does in DingTalk, call by call, written from the reference; and what people do on their phones. */
export class DingtalkSide {
  readonly world: SandboxWorld;
  #token = '';

  constructor(world: SandboxWorld) {
    this.world = world;
  }

  state = () => this.world.get<DingtalkState>('dingtalk/state');
  phone = (user: string) => this.world.get<DingtalkPhone>(`dingtalk/phone?user=${user}`);
  act = (deed: DingtalkAct) =>
    this.world.post<DingtalkActResult & { error?: { code: string; message: string } }>('dingtalk/act', deed);
  faults = (edit: DingtalkFaultEdit) => this.world.post('dingtalk/faults', edit);
  settings = (edit: DingtalkSettingsEdit) => this.world.post('dingtalk/settings', edit);

  async token(): Promise<string> {
    const app = { appKey: this.world.env('DINGTALK_CLIENT_ID'), appSecret: this.world.env('DINGTALK_CLIENT_SECRET') };
    const { accessToken } = await this.call('POST', '/v1.0/oauth2/accessToken', app, '');
    this.#token = String(accessToken);
    return this.#token;
  }

  /** The new host. */
  async call(method: string, path: string, body?: unknown, token?: string): Promise<Answered> {
    const answer = await fetch(this.world.env('DINGTALK_API_BASE') + path, {
      method,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-acs-dingtalk-access-token': token ?? (this.#token || (await this.token())),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...((await answer.json()) as Record<string, unknown>), status: answer.status };
  }

  /** The old host. */
  async old(path: string, body?: unknown): Promise<Answered> {
    const token = this.#token || (await this.token());
    const answer = await fetch(`${this.world.env('DINGTALK_OAPI_BASE')}${path}?access_token=${token}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...((await answer.json()) as Record<string, unknown>), status: answer.status };
  }

  openConnection = (subscriptions = pushTopics) =>
    this.call('POST', '/v1.0/gateway/connections/open', {
      clientId: this.world.env('DINGTALK_CLIENT_ID'),
      clientSecret: this.world.env('DINGTALK_CLIENT_SECRET'),
      subscriptions,
    });

  async connect(answer: StreamClient['answer'] = () => undefined, subscriptions = pushTopics): Promise<StreamClient> {
    const { endpoint, ticket } = await this.openConnection(subscriptions);
    const client = new StreamClient(`${String(endpoint)}?ticket=${encodeURIComponent(String(ticket))}`, answer);
    await client.opened;
    return client;
  }

  async send(user: string, card: string, params: Record<string, string>, more: Record<string, unknown> = {}) {
    return this.call('POST', '/v1.0/card/instances/createAndDeliver', {
      cardTemplateId: this.world.env('DINGTALK_CARD_TEMPLATE_ID'),
      outTrackId: card,
      callbackType: 'STREAM',
      cardData: { cardParamMap: params },
      openSpaceId: `dtv1.card//IM_ROBOT.${user}`,
      imRobotOpenSpaceModel: { supportForward: false, lastMessageI18n: { ZH_CN: '一张卡片' } },
      imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: this.world.env('DINGTALK_CLIENT_ID') },
      ...more,
    });
  }
}

/** A connection that acknowledges what it is told to, and remembers all of it. */
export class StreamClient {
  readonly frames: Frame[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  /** Undefined: no acknowledgement. */
  answer: (frame: Frame) => unknown;
  #socket: WebSocket;
  #changed = Promise.withResolvers<void>();

  constructor(url: string, answer: StreamClient['answer']) {
    this.answer = answer;
    this.#socket = new WebSocket(url);
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<number>();
    this.opened = opened.promise;
    this.closed = closed.promise;
    this.#socket.on('open', () => opened.resolve());
    this.#socket.on('unexpected-response', (_, response) => opened.reject(new Error(String(response.statusCode))));
    this.#socket.on('error', (error) => opened.reject(error));
    this.#socket.on('close', (code) => closed.resolve(code));
    this.#socket.on('message', (data: Buffer) => this.#hear(String(data)));
  }

  #hear(text: string): void {
    const { type, headers, data } = JSON.parse(text) as { type: string; headers: Record<string, string>; data: string };
    const frame = { type, headers, data: JSON.parse(data) as Record<string, unknown> };
    this.frames.push(frame);
    this.#changed.resolve();
    const said = this.answer(frame);
    if (said !== undefined) this.acknowledge(frame, said);
  }

  acknowledge(frame: Frame, data: unknown): void {
    const headers = { contentType: 'application/json', messageId: frame.headers['messageId'] };
    this.#socket.send(JSON.stringify({ code: 200, message: 'OK', headers, data: JSON.stringify(data) }));
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  /** Waits for as many frames of this kind as this. */
  async heard(count: number, isIt: (frame: Frame) => boolean): Promise<Frame[]> {
    while (this.frames.filter(isIt).length < count) {
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
    return this.frames.filter(isIt);
  }

  async event(type: string, isIt: (data: Record<string, unknown>) => boolean = () => true): Promise<Frame> {
    const [first] = await this.heard(1, (frame) => frame.headers['eventType'] === type && isIt(frame.data));
    if (!first) throw new Error('Nothing came.');
    return first;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

export const success = { status: 'SUCCESS' };
