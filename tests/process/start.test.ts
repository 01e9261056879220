import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import pg from 'pg';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { startSandbox } from '#bot/platforms.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { freshFolder } from '#tests/support/folder.ts';
import { freePort, startProduct, type Product } from '#tests/support/product.ts';
import { startRedis } from '#tests/support/redis.ts';
import { patienceMs } from '#tests/support/patience.ts';

const dataDir = freshFolder();
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** What it printed after Ctrl-C, and its exit code. */
async function stop(product: Product): Promise<{ code: number | null; printed: string }> {
  const before = product.output().length;
  product.process.kill('SIGINT');
  return { code: await product.ended, printed: product.output().slice(before) };
}
const cleanly = { code: 0, printed: '' };

describe('one command', () => {
  test('starts everything, says which page to open, stops cleanly on Ctrl-C, and a second start keeps the data', async () => {
    const first = startProduct({ DATA_DIR: dataDir });
    const [, page] = await first.says(/Open (http:\S+)/);
    expect((await fetch(String(page))).status).toBe(200);
    expect(await (await fetch(`${page}readyz`)).json()).toEqual({ status: 'ready' });
    expect((await fetch(`${page}api/me`)).status).toBe(401);
    expect(await stop(first)).toEqual(cleanly);

    const second = startProduct({ DATA_DIR: dataDir });
    await second.says(/Open http/);
    expect(second.output()).not.toMatch(/error/i);
    expect(await stop(second)).toEqual(cleanly);
  });

  test('says which port is taken and how to take another', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, resolve));
    const { port } = holder.address() as { port: number };
    const product = startProduct({ DATA_DIR: dataDir, PORT: String(port) });
    expect(await product.ended).toBe(1);
    expect(product.output()).toContain(`Port ${port} is taken`);
    expect(product.output()).toContain(`PORT=${port + 1}`);
    holder.close();
  });

  test('refuses production without a platform, and says what is missing', async () => {
    const product = startProduct({ DATA_DIR: dataDir, NODE_ENV: 'production', SESSION_SECRET: 'x'.repeat(32) });
    expect(await product.ended).toBe(1);
    expect(product.output()).toContain('WECOM_SECRET');
  });
});

const redis = await startRedis();
afterAll(() => redis?.stop());

// Where no Redis is installed the queue is on PostgreSQL, as it is with one process for all.
describe('web and worker in processes of their own, on a database and a Redis of the operator’s', () => {
  test('the worker does what the web process took in', async () => {
    const database = await cloneDatabase();
    const port = await freePort();
    const sandbox = await startSandbox({
      port: 0,
      productUrl: `http://127.0.0.1:${port}`,
      stateFile: `${freshFolder()}/sandbox.json`,
    });
    const env = {
      ...sandbox.env,
      ...(redis ? { REDIS_URL: redis.url } : {}),
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      PORT: String(port),
      SESSION_SECRET: 'x'.repeat(32),
    };
    const web = startProduct({ ...env, PROCESS: 'web' });
    const worker = startProduct({ ...env, PROCESS: 'worker' });
    await Promise.all([web.says(/is running \(web\)/), worker.says(/is running \(worker\)/)]);
    expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()).toEqual({ status: 'ready' });

    const { demo } = await control(sandbox.url, 'GET', 'state');
    await control(sandbox.url, 'POST', 'act', { kind: 'customer_adds', member: demo.member, contact: demo.stranger });
    await vi.waitFor(() => expect(followsOf(database.url, demo.stranger)).resolves.toEqual([{ state: 'active' }]), {
      timeout: patienceMs,
      interval: 100,
    });
    expect(await Promise.all([stop(web), stop(worker)])).toEqual([cleanly, cleanly]);
    await sandbox.close();
    await database.drop();
  });
});

describe('a company with one messenger', () => {
  test('runs with that one alone, hears over its stream who works there, and stops cleanly', async () => {
    const database = await cloneDatabase();
    const port = await freePort();
    const productUrl = `http://127.0.0.1:${port}`;
    const sandbox = await startSandbox({ port: 0, productUrl, stateFile: `${freshFolder()}/sandbox.json` });
    const settings = Object.entries(sandbox.env).filter(([key]) => key.startsWith('DINGTALK_'));
    const env = { DATABASE_URL: database.url, PORT: String(port), DATA_DIR: dataDir, PUBLIC_URL: productUrl };
    const product = startProduct({ ...env, ...Object.fromEntries(settings) });
    await product.says(/is running \(all\)/);
    const dingtalk = (method: string, path: string, body?: unknown) =>
      control(sandbox.url, method, `dingtalk/${path}`, body) as unknown as Promise<{
        connections?: number;
        user?: string;
      }>;
    const patience = { timeout: patienceMs, interval: 200 };
    await vi.waitFor(async () => expect((await dingtalk('GET', 'state')).connections).toBe(1), patience);
    const { user = '' } = await dingtalk('POST', 'act', { kind: 'user_joins', name: '新同事', department: '1' });
    await vi.waitFor(() => expect(platformsOf(database.url, user)).resolves.toEqual(['dingtalk']), patience);
    expect(await stop(product)).toEqual(cleanly);
    await sandbox.close();
    await database.drop();
  });
});

async function control(sandboxUrl: string, method: string, path: string, body?: unknown): Promise<StateView> {
  const response = await fetch(`${sandboxUrl}/sandbox/api/${path}`, {
    method,
    headers: { Origin: sandboxUrl, 'Content-Type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as StateView;
}

interface StateView {
  demo: { member: string; stranger: string };
}

async function followsOf(databaseUrl: string, contactKey: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    'SELECT f.state FROM "Follow" f JOIN "Contact" c ON c.id = f."contactId" WHERE c.key = $1',
    [contactKey],
  );
  await client.end();
  return rows;
}

/** Where the member behind a key is known. */
async function platformsOf(databaseUrl: string, key: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client
    .query<{ platform: string }>('SELECT platform FROM "MemberIdentity" WHERE key = $1', [key])
    .finally(() => client.end());
  return rows.map(({ platform }) => platform);
}
