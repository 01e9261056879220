import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBrotliDecompress } from 'node:zlib';
import { bundledLibraries } from './browser.ts';

/** A Chromium of years ago, spoken to in its own protocol: today's drivers no longer know it. */
export interface OldBrowser {
  /** What it calls itself: `HeadlessChrome/69.0.3494.0`. */
  product: string;
  /** Runs `script` in every page before the page's own scripts. */
  beforePages(script: string): Promise<void>;
  goTo(url: string): Promise<void>;
  evaluate(expression: string): Promise<unknown>;
  /** Errors the pages threw or logged. */
  faults: string[];
  close(): Promise<void>;
}

const bins = path.join(import.meta.dirname, '..', '..', 'node_modules');

export async function launchOldBrowser(packageName: 'chromium-69' | 'chromium-107'): Promise<OldBrowser> {
  const binary = await unpackedOnce(packageName);
  const profile = await mkdtemp(path.join(os.tmpdir(), 'zhike-old-profile-'));
  const child = spawn(
    binary,
    [
      '--headless',
      '--no-sandbox',
      '--no-zygote',
      '--single-process',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...(await bundledLibraries(binary)) } },
  );
  const address = await debuggingAddress(child);
  const { product } = await version(address);
  const protocol = await connect(await firstPage(address));
  const faults: string[] = [];
  protocol.on('Runtime.exceptionThrown', ({ exceptionDetails }) => faults.push(JSON.stringify(exceptionDetails)));
  protocol.on('Runtime.consoleAPICalled', ({ type, args }) => {
    if (type === 'error') faults.push(JSON.stringify(args));
  });
  await protocol.call('Runtime.enable');
  await protocol.call('Page.enable');

  return {
    product,
    faults,
    beforePages: async (source) => {
      await protocol.call('Page.addScriptToEvaluateOnNewDocument', { source });
    },
    goTo: async (url) => {
      await protocol.call('Page.navigate', { url });
    },
    evaluate: async (expression) => {
      const { result } = await protocol.call('Runtime.evaluate', { expression, returnByValue: true });
      return (result as { value?: unknown } | undefined)?.value;
    },
    close: async () => {
      protocol.close();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await rm(profile, { recursive: true, force: true });
    },
  };
}

async function version(address: string): Promise<{ product: string }> {
  const said = (await (await fetch(`http://${address}/json/version`)).json()) as { Browser: string };
  return { product: said.Browser };
}

/** It listens a moment before its first page is open. */
async function firstPage(address: string): Promise<string> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const pages = (await (await fetch(`http://${address}/json`)).json()) as { webSocketDebuggerUrl: string }[];
    if (pages[0]) return pages[0].webSocketDebuggerUrl;
    await sleep(50);
  }
  throw new Error('The old browser opened no page.');
}

function debuggingAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /DevTools listening on ws:\/\/([^/]+)\//.exec(said)?.[1];
      if (address) resolve(address);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The old browser ended with ${code}:\n${said}`)));
  });
}

type Message = Record<string, unknown>;

async function connect(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`No connection to ${url}.`)));
  });
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Map<string, (params: Message) => void>();
  let count = 0;
  socket.addEventListener('message', (event: MessageEvent<string>) => {
    const message = JSON.parse(event.data) as { id?: number; method?: string; params?: Message; result?: Message };
    if (message.id !== undefined) {
      waiting.get(message.id)?.(message.result ?? {});
      waiting.delete(message.id);
    } else if (message.method) listeners.get(message.method)?.(message.params ?? {});
  });
  return {
    call: (method: string, params: Message = {}) =>
      new Promise<Message>((resolve) => {
        count += 1;
        waiting.set(count, resolve);
        socket.send(JSON.stringify({ id: count, method, params }));
      }),
    on: (method: string, listener: (params: Message) => void) => void listeners.set(method, listener),
    close: () => socket.close(),
  };
}

/** One folder a user, complete or not there. */
async function unpackedOnce(packageName: string): Promise<string> {
  const folder = path.join(os.tmpdir(), `zhike-${packageName}-${os.userInfo().username}`);
  const binary = path.join(folder, 'chromium');
  if (existsSync(binary)) return binary;
  const packed = path.join(bins, packageName, 'bin');
  const name = (await readdir(packed)).find((file) => /^chromium.*\.br$/.test(file));
  if (!name) throw new Error(`${packageName} holds no browser: run npm ci.`);
  const building = await mkdtemp(`${folder}-`);
  const unpacked = path.join(building, 'chromium');
  await pipeline(createReadStream(path.join(packed, name)), createBrotliDecompress(), createWriteStream(unpacked));
  await chmod(unpacked, 0o755);
  try {
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(binary)) throw error;
  }
  return binary;
}
