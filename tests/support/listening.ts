import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '#server/app.ts';

export interface Listening {
  url: string;
  port: number;
  /** Resolves when what callbacks brought is stored and passed on. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The app over real HTTP, on a port of its own. */
export async function listen({ app, settled }: App): Promise<Listening> {
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    settled,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await settled();
    },
  };
}
