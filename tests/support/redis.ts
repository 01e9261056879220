import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './product.ts';

export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/** A Redis of one's own, or null where none is installed. */
export async function startRedis(): Promise<TestRedis | null> {
  const port = await freePort();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'zhike-redis-'));
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir], {
    stdio: 'ignore',
  });
  const ended = new Promise<boolean>((resolve) =>
    server.once('close', () => resolve(true)).once('error', () => resolve(true)),
  );
  const answers = async () => {
    for (;;) {
      if (await canConnect(port)) return false;
      await sleep(20);
    }
  };
  if (await Promise.race([ended, answers()])) return null;
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
  });
}
