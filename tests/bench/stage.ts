import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '#prisma/migrate.ts';
import { startEmbeddedPostgres } from '#server/base/embedded-postgres.ts';
import { keys } from '#tests/bot/wecom-sealed.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort } from '#tests/support/product.ts';
import type { LoadOrder, LoadReport } from './load.ts';

export interface Stage {
  databaseUrl: string;
  /** The product as it is started, in a process of its own. */
  startProduct(env?: Record<string, string>): Promise<Server>;
  startBare(): Promise<Server>;
  load(order: Omit<LoadOrder, 'run'>): Promise<LoadReport>;
  close(): Promise<void>;
}

export interface Server {
  port: number;
  stop(): Promise<void>;
}

export const sessionSecret = 'a secret of the bench, at least 32 characters';
const root = path.join(import.meta.dirname, '..', '..');

/** A real PostgreSQL that waits for its disk, empty but for the schema; the load comes from a process of its own. */
export async function openStage(): Promise<Stage> {
  const dataDir = freshFolder();
  const postgres = await startEmbeddedPostgres({ dataDir });
  await migrate(postgres.url);
  const loader = fork(path.join(import.meta.dirname, 'load.ts'));
  let runs = 0;
  return {
    databaseUrl: postgres.url,
    startProduct: (env) => startProduct(postgres.url, dataDir, env),
    startBare: () => startBare(postgres.url),
    async load(order) {
      loader.send({ ...order, run: ++runs });
      const [report] = (await once(loader, 'message')) as [LoadReport];
      return report;
    },
    async close() {
      loader.kill();
      await postgres.stop();
    },
  };
}

async function startProduct(databaseUrl: string, dataDir: string, env: Record<string, string> = {}): Promise<Server> {
  const port = await freePort();
  const nodeOptions = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];
  const child = spawn(process.execPath, [...nodeOptions, path.join(root, 'server', 'main.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      PROCESS: 'web',
      PORT: String(port),
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      SESSION_SECRET: sessionSecret,
      WECOM_CORP_ID: keys.receiver,
      WECOM_AGENT_ID: '1000002',
      WECOM_SECRET: 'unused',
      WECOM_CALLBACK_TOKEN: keys.token,
      WECOM_CALLBACK_AES_KEY: keys.encodingAesKey,
      // Nobody answers there: what is measured ends at the ledger and the queue.
      WECOM_API_BASE: 'http://127.0.0.1:9',
      ...env,
    },
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error('The product did not start.');
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok) return { port, stop: () => stopped(child) };
    await sleep(50);
  }
}

async function startBare(databaseUrl: string): Promise<Server> {
  const child = fork(path.join(import.meta.dirname, 'bare-server.ts'), { env: { DATABASE_URL: databaseUrl } });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { port, stop: () => stopped(child) };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
