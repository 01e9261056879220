import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** Where on its way a call of the product meets what happens to it: before it arrives, once it is done, once it is answered. */
export interface Point {
  path: string;
  when: 'before' | 'done' | 'answered';
}

/** What the platform took of a start: whom it asked to send what to whom. */
export interface Taken {
  key: string;
  sender: string;
  contacts: string[];
  text: string;
}

const startPath = 'externalcontact/add_msg_template';
const startBody = z.object({
  sender: z.string(),
  external_userid: z.array(z.string()),
  text: z.object({ content: z.string() }).optional(),
});
const startAnswer = z.object({
  errcode: z.number(),
  msgid: z.string().optional(),
  fail_list: z.array(z.string()).nullish(),
});

/**
 * The line between the product and the platform: carries every call, writes down what the platform took, loses answers,
 * says that there were too many, and tells of the moment a call passes a point.
 */
export class Wire {
  readonly taken: Taken[] = [];
  lost = 0;
  /** Of starts, how many answers are lost in a hundred. */
  losesPercent = 0;
  #server: Server;
  #to: string;
  #random: () => number;
  #waiting: { point: Point; hit: () => void } | null = null;
  #busy = new Map<string, number>();

  constructor(to: string, random: () => number) {
    this.#to = to;
    this.#random = random;
    this.#server = createServer((request, response) => {
      this.#carry(request, response).catch(() => response.destroy());
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The next so many calls of this path hear 45009. */
  tooMany(path: string, calls: number): void {
    this.#busy.set(path, calls);
  }

  /** Resolves when a call passes; `hit` runs in that very moment. */
  await(point: Point, hit: () => void): { passed: Promise<void>; forget(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = {
      point,
      hit: () => {
        this.#waiting = null;
        hit();
        resolve();
      },
    };
    this.#waiting = waiting;
    return {
      passed: promise,
      forget: () => {
        if (this.#waiting === waiting) this.#waiting = null;
      },
    };
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.#to).pathname.replace('/cgi-bin/', '');
    const body = await bytesOf(request);
    if (this.#passes(path, 'before')) return void response.destroy();
    const busy = this.#busy.get(path) ?? 0;
    if (busy > 0) {
      this.#busy.set(path, busy - 1);
      return answer(response, 'application/json', Buffer.from('{"errcode":45009,"errmsg":"api freq out of limit"}'));
    }
    const type = request.headers['content-type'];
    const said = await fetch(new URL(request.url ?? '/', this.#to), {
      method: request.method ?? 'GET',
      ...(type ? { headers: { 'content-type': type } } : {}),
      ...(request.method === 'POST' ? { body: new Uint8Array(body) } : {}),
    });
    const bytes = Buffer.from(await said.arrayBuffer());
    if (path === startPath) this.#note(body, bytes);
    if (this.#passes(path, 'done')) return void response.destroy();
    if (path === startPath && this.#random() * 100 < this.losesPercent) {
      this.lost += 1;
      return void response.destroy();
    }
    answer(response, said.headers.get('content-type') ?? 'application/json', bytes);
    this.#passes(path, 'answered');
  }

  #passes(path: string, when: Point['when']): boolean {
    const { point, hit } = this.#waiting ?? {};
    if (point?.path !== path || point.when !== when) return false;
    hit?.();
    return true;
  }

  #note(body: Buffer, answered: Buffer): void {
    const asked = startBody.parse(JSON.parse(body.toString()));
    const { errcode, msgid, fail_list } = startAnswer.parse(JSON.parse(answered.toString()));
    if (errcode !== 0 || !msgid) return;
    this.taken.push({
      key: msgid,
      sender: asked.sender,
      contacts: asked.external_userid.filter((contact) => !fail_list?.includes(contact)),
      text: asked.text?.content ?? '',
    });
  }
}

function answer(response: ServerResponse, type: string, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': type });
  response.end(bytes);
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
