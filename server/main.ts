import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, migrationNames } from '#prisma/migrate.ts';
import { platforms as drivers, startSandbox, type Sandbox } from '#bot/platforms.ts';
import { checkCipher } from '#server/base/check-cipher.ts';
import { ConfigError, readConfig, type Config } from '#server/base/config.ts';
import { openDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { envExample } from '#server/base/env-example.ts';
import { startEmbeddedPostgres } from '#server/base/embedded-postgres.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { connectLive } from '#server/base/live.ts';
import { makeLog } from '#server/base/log.ts';
import { makeMetrics } from '#server/base/metrics.ts';
import { makeModel } from '#server/base/model.ts';
import { plainError } from '#server/base/plain-error.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { connectQueue, type QueueConnection } from '#server/base/queue.ts';
import { makeSharedToken } from '#server/base/shared-token.ts';
import { openStreams } from '#server/inbound/open-streams.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformDriver, PlatformTools } from '#server/platform/driver.ts';
import { makeApp } from '#server/app.ts';
import { jobHandlers, schedules } from '#server/jobs.ts';

type Environment = Record<string, string | undefined>;
/** Undone in reverse order at the end. */
type Closer = () => Promise<unknown>;

interface Surroundings {
  env: Environment;
  config: Config;
  sandbox: Sandbox | null;
}

async function main(): Promise<void> {
  const closers: Closer[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const started = start(process.env, closers);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A signal in mid-start waits for the start: what is half open cannot be closed cleanly.
    process.once(signal, () => {
      void started
        .catch(() => {})
        .then(close)
        .then(() => process.exit(0));
    });
  }
  try {
    await started;
  } catch (error) {
    await close();
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function start(ownEnv: Environment, closers: Closer[]): Promise<void> {
  const { env, config, sandbox } = await withSandbox(ownEnv, closers);
  const log = makeLog(config.LOG_LEVEL);
  const databaseUrl = await databaseOf(config, closers);
  await migrate(databaseUrl);

  const database = openDatabase(databaseUrl, (err) => log.warn({ err }, 'a database connection was lost'));
  closers.push(() => database.close());
  const queue = await connectQueue({ databaseUrl, redisUrl: config.REDIS_URL, log });
  closers.push(() => queue.close());
  const live = await connectLive({ databaseUrl, redisUrl: config.REDIS_URL, log });
  closers.push(() => live.close());

  const metrics = makeMetrics();
  const cipher = makeFieldCipher(config.SESSION_SECRET);
  await checkCipher(database.db, cipher);
  const now = () => new Date();
  const sharedToken = makeSharedToken(database.pool, cipher, now);
  const connected = connectPlatforms(env, { sharedToken, now, metrics });
  const llm = makeModel({ config, db: database.db, cipher, metrics, log, now, live });
  closers.push(async () => llm.close());
  const deps: Deps = {
    db: database.db,
    pool: database.pool,
    jobs: queue.jobs,
    live,
    llm,
    platforms: listPlatforms(connected),
    cipher,
    config,
    metrics,
    log,
    now,
  };

  if (config.PROCESS !== 'worker') {
    const port = await startWeb(deps, queue, closers);
    sandbox?.productAt(`http://127.0.0.1:${port}`);
  }
  if (config.PROCESS !== 'web') {
    closers.push(() => queue.stopWorkers());
    await queue.startWorkers(jobHandlers(deps), schedules(deps));
  }
  console.log(
    sandbox
      ? `Zhike is running in its sandbox. Open ${sandbox.url}/`
      : `Zhike is running (${config.PROCESS}) for ${config.PUBLIC_URL}`,
  );
}

/** Without a platform of its own, a deployment plays with the sandbox, which answers with the environment to use. */
async function withSandbox(ownEnv: Environment, closers: Closer[]): Promise<Surroundings> {
  const config = readConfig(ownEnv);
  const isConfigured = drivers.some((driver) => driver.env.some(({ key, secret }) => secret && ownEnv[key]));
  if (isConfigured) return { env: ownEnv, config, sandbox: null };
  const missing = drivers
    .map((driver) =>
      driver.env
        .filter(({ secret }) => secret)
        .map(({ key }) => key)
        .join(', '),
    )
    .join(', or ');
  if (config.NODE_ENV === 'production')
    throw new ConfigError(
      `In production a chat platform must be configured. Set ${missing}. README.md says where to find each.`,
    );
  if (config.PROCESS !== 'all')
    throw new ConfigError(
      `PROCESS=${config.PROCESS} needs a configured platform: the sandbox runs with PROCESS=all only. Set ${missing}.`,
    );

  const sandbox = await startSandbox({
    port: config.SANDBOX_PORT,
    productUrl: `http://127.0.0.1:${config.PORT}`,
    stateFile: `${config.DATA_DIR}/sandbox.json`,
    without: config.SANDBOX_WITHOUT,
    log: (line) => console.error(line),
  }).catch((error: unknown) => {
    throw inUse(error, 'SANDBOX_PORT', config.SANDBOX_PORT);
  });
  closers.push(() => sandbox.close());
  const unused = drivers.filter(({ name }) => config.SANDBOX_WITHOUT.includes(name)).flatMap((driver) => driver.env);
  const env: Environment = { ...ownEnv, ...sandbox.env };
  for (const { key } of unused) delete env[key];
  return { env, config: readConfig(env), sandbox };
}

async function databaseOf(config: Config, closers: Closer[]): Promise<string> {
  if (config.DATABASE_URL) return config.DATABASE_URL;
  const embedded = await startEmbeddedPostgres({ dataDir: config.DATA_DIR });
  closers.push(() => embedded.stop());
  return embedded.url;
}

function connectPlatforms(
  env: Environment,
  tools: { sharedToken: ReturnType<typeof makeSharedToken>; now: () => Date; metrics: Deps['metrics'] },
): Platform[] {
  return drivers.flatMap((driver) => {
    const platform = connect(driver, env, {
      sharedToken: tools.sharedToken,
      now: tools.now,
      observeCall: ({ platform: name, call, code, durationMs }) =>
        tools.metrics.platformCalls.observe({ platform: name, call, code }, durationMs / 1000),
    });
    return platform ? [platform] : [];
  });
}

/** What a driver throws is a sentence about its settings. */
function connect(driver: PlatformDriver, env: Environment, tools: PlatformTools): Platform | null {
  try {
    return driver.create(env, tools);
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

/** Who sends slower than this only holds a connection; a table of 4 MB is let through on a slow line. */
const HEADERS_MS_MAX = 15_000;
const REQUEST_MS_MAX = 60_000;

/** Answers the port it listens on. */
async function startWeb(deps: Deps, queue: QueueConnection, closers: Closer[]): Promise<number> {
  const { app, inbox, settled } = makeApp(deps, {
    notReady: () => notReady(deps, queue),
    queueDepth: () => queue.depth(),
  });
  const server = createServer({ headersTimeout: HEADERS_MS_MAX, requestTimeout: REQUEST_MS_MAX }, app.callback());
  await listen(server, deps.config.PORT);
  closers.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    // Live streams never end by themselves; answers under way get a moment.
    setTimeout(() => server.closeAllConnections(), 3000).unref();
    await closed;
    await settled();
  });
  const streams = openStreams(deps, inbox);
  closers.push(() => streams.close());
  const { port } = server.address() as AddressInfo;
  deps.log.debug({ port }, 'web server is listening');
  return port;
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(inUse(error, 'PORT', port)));
    server.listen(port, resolve);
  });
}

function inUse(error: unknown, key: string, port: number): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  return new ConfigError(`Port ${port} is taken by another program. Stop it, or start Zhike with ${key}=${port + 1}.`);
}

/** Whoever asks does not wait longer; what hangs is not ready. */
const CHECK_MS_MAX = 3000;

async function notReady(deps: Deps, queue: QueueConnection): Promise<string[]> {
  const checks: Record<string, () => Promise<unknown>> = {
    database: () => deps.pool.query('SELECT 1'),
    queue: () => queue.ping(),
    migrations: async () => {
      const { rows } = await deps.pool.query<{ migration_name: string }>(
        'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL',
      );
      const applied = new Set(rows.map((row) => row.migration_name));
      if (migrationNames().some((name) => !applied.has(name))) throw new Error('pending');
    },
  };
  const late = async () => sleep(CHECK_MS_MAX, undefined, { ref: false }).then(() => Promise.reject(new Error('late')));
  const results = await Promise.allSettled(Object.values(checks).map((check) => Promise.race([check(), late()])));
  return Object.keys(checks).filter((_, index) => results[index]?.status === 'rejected');
}

/** `npm start` names `.env`; what the environment says itself wins. */
function readSettings(file: string | undefined): void {
  if (file && existsSync(file)) process.loadEnvFile(file);
}

if (process.argv.includes('--write-env-example')) {
  writeFileSync(path.join(import.meta.dirname, '..', '.env.example'), envExample(drivers));
} else {
  // What Node prints of an error nobody caught has fields of drivers in it, and with them what a record holds.
  process.once('uncaughtException', (error) => {
    console.error(plainError(error).stack);
    process.exit(1);
  });
  readSettings(process.argv[2]);
  await main();
}
