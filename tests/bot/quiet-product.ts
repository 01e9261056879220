import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';

/** A product that does nothing but take callbacks; what `reply` refuses is refused. */
export async function startQuietProduct(reply: (request: CallbackRequest) => string) {
  const waiting = new Set<(request: CallbackRequest) => void>();
  const server = createServer(async (incoming, response) => {
    const request = await callbackIn(incoming);
    try {
      response.end(reply(request));
    } catch (error) {
      if (!(error instanceof CallbackRefused)) throw error;
      response.writeHead(401).end();
      return;
    }
    for (const take of waiting) take(request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The next one that is it. */
    next(isIt: (request: CallbackRequest) => boolean): Promise<CallbackRequest> {
      return new Promise((resolve) => {
        const take = (request: CallbackRequest) => {
          if (isIt(request) && waiting.delete(take)) resolve(request);
        };
        waiting.add(take);
      });
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function callbackIn(incoming: IncomingMessage): Promise<CallbackRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const query = Object.fromEntries(new URL(incoming.url ?? '/', 'http://localhost').searchParams);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return { method: 'POST', query, headers, body: Buffer.concat(chunks), receivedAt: new Date() };
}
