import { createDecipheriv } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { FaultEdit } from '#bot/sandbox/fault-api.ts';
import type { Act, ActResult, SandboxState } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxChat } from '#bot/sandbox/wecom-window-api.ts';
import { startSandbox, type Sandbox } from '#bot/sandbox/sandbox.ts';

export interface Delivery {
  path: string;
  query: URLSearchParams;
  body: string;
}

/** `body` is read for callbacks only. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A sandbox on a free port, with a product on another that keeps what is pushed to it. */
export class SandboxWorld {
  sandbox!: Sandbox;
  deliveries: Delivery[] = [];
  /** What the product does with a callback, and with anything else. */
  onCallback: Answer = (_, response) => void response.end();
  onRequest: Answer = (_, response) => void response.writeHead(404).end();
  offsetMs = 0;
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'zhike-sandbox-'));
  readonly stateFile = path.join(this.folder, 'sandbox.json');
  #product!: Server;
  #changed = Promise.withResolvers<void>();

  async start(): Promise<void> {
    this.#product = createServer((request, response) => {
      if (!request.url?.startsWith('/callbacks/')) return this.onRequest(request, response, '');
      void this.#keep(request, response);
    });
    const listening = Promise.withResolvers<void>();
    this.#product.listen(0, '127.0.0.1', () => listening.resolve());
    await listening.promise;
    await this.open();
  }

  async open(): Promise<void> {
    this.sandbox = await startSandbox({
      port: 0,
      productUrl: `http://127.0.0.1:${(this.#product.address() as AddressInfo).port}`,
      stateFile: this.stateFile,
      seed: 11,
      now: () => Date.now() + this.offsetMs,
      pushTiming: { answerMs: 300, retryMs: [5, 5], reorderMs: 300 },
      dingtalkTiming: { answerMs: 1000, retryMs: [5, 5], reorderMs: 300, disconnectMs: 50 },
    });
    await this.post('settings', { archiveNotifyMs: 20 });
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
    this.#product.closeAllConnections();
    this.#product.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://product');
    const body = Buffer.concat(chunks).toString('utf8');
    this.onCallback(request, response, body);
    this.deliveries.push({ path: url.pathname, query: url.searchParams, body });
    this.#changed.resolve();
  }

  /** Waits until the product got as many pushes as this, of those that count. */
  async delivered(count: number, counts: (delivery: Delivery) => boolean = () => true): Promise<Delivery[]> {
    while (this.deliveries.filter(counts).length < count) {
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
    return this.deliveries.filter(counts);
  }

  /** Waits for as many customers to be added, and answers what the pushes said of them: the texts of their fields. */
  async added(count: number): Promise<Record<string, string>[]> {
    const isAdded = (delivery: Delivery) => this.#open(delivery)['ChangeType']?.startsWith('add_') ?? false;
    return (await this.delivered(count, isAdded)).map((delivery) => this.#open(delivery));
  }

  #open({ body }: Delivery): Record<string, string> {
    const key = Buffer.from(`${this.env('WECOM_CALLBACK_AES_KEY')}=`, 'base64');
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
    const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? '';
    const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]).toString('utf8');
    const fields = plain.matchAll(/<(\w+)><!\[CDATA\[(.*?)\]\]>/g);
    return Object.fromEntries(Array.from(fields, ([, name, text]) => [name, text]));
  }

  async get<T>(call: string): Promise<T> {
    const answer = await fetch(`${this.sandbox.url}/sandbox/api/${call}`);
    return (await answer.json()) as T;
  }

  async post<T>(call: string, body: unknown): Promise<T> {
    const answer = await fetch(`${this.sandbox.url}/sandbox/api/${call}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return (await answer.json()) as T;
  }

  act = (deed: Act) => this.post<ActResult & { error?: { code: string } }>('act', deed);
  faults = (edit: FaultEdit) => this.post<unknown>('faults', edit);
  state = () => this.get<SandboxState>('state');
  chat = (contact: string, member = 'wanglei') =>
    this.get<SandboxChat>(`chat?member=${member}&contact=${encodeURIComponent(contact)}`);

  async token(secret = this.env('WECOM_SECRET')): Promise<string> {
    const { access_token } = await this.call('gettoken', { corpid: this.env('WECOM_CORP_ID'), corpsecret: secret });
    return String(access_token);
  }

  /** A call as the product makes it; a body makes it a POST. */
  async call(name: string, query: Record<string, string>, body?: unknown): Promise<Record<string, unknown>> {
    const posted = body === undefined ? undefined : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${this.env('WECOM_API_BASE')}/cgi-bin/${name}?${new URLSearchParams(query)}`, posted);
    if (answer.status !== 200) throw new Error(`${name} answered ${answer.status}: WeCom says 200 whatever it says.`);
    return (await answer.json()) as Record<string, unknown>;
  }

  env(key: string): string {
    const value = this.sandbox.env[key];
    if (!value) throw new Error(`The sandbox gives no ${key}.`);
    return value;
  }

  async newFriend(name = '赵女士'): Promise<string> {
    const { contact } = await this.act({ kind: 'customer_adds', member: 'wanglei', contact: null, name });
    if (!contact) throw new Error('Nobody was added.');
    return contact;
  }
}

/** One for the file; each test finds it in whatever state the ones before left it, with people of its own. */
export function useSandbox(): SandboxWorld {
  const world = new SandboxWorld();
  beforeAll(() => world.start());
  afterAll(() => world.stop());
  return world;
}
