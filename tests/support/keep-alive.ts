import { connect, type Socket } from 'node:net';

export interface Answer {
  status: number;
  body: string;
}

/**
 * One connection that stays open and sends what it is given as it is, one request at a time: an HTTP client that costs
 * less than the server it asks, and does not mend broken requests.
 */
export class KeepAlive {
  #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The server closed the connection.')));
  }

  static async open(port: number): Promise<KeepAlive> {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new KeepAlive(socket);
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  ask(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Error('The connection is closed.'));
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return;
    const body = this.#received.toString('utf8', headEnd + 4, end);
    this.#received = this.#received.subarray(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (/\r\nconnection: close/i.test(head)) this.close();
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** A request as it goes over the wire. */
export function wireOf(
  method: string,
  target: string,
  body: Buffer | string = '',
  headers: Record<string, string> = {},
): Buffer {
  const bytes = Buffer.from(method === 'GET' ? '' : body);
  const more = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const length = method === 'GET' ? '' : `Content-Length: ${bytes.length}\r\n`;
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: zhike.test\r\n${more}${length}\r\n`, 'latin1'),
    bytes,
  ]);
}

/** Asks everything, over so many connections at once; answers come in no order. */
export async function askAll(
  port: number,
  connections: number,
  requests: Iterable<Buffer>,
  onAnswer: (answer: Answer, request: Buffer) => void,
): Promise<void> {
  const left = requests[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      let connection = await KeepAlive.open(port);
      for (let next = left.next(); !next.done; next = left.next()) {
        if (!connection.isOpen) connection = await KeepAlive.open(port);
        onAnswer(await connection.ask(next.value), next.value);
      }
      connection.close();
    }),
  );
}
