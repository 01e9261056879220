import { execFile, spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { chromium, type Browser, type LaunchOptions } from 'playwright-core';
import { patienceMs } from './patience.ts';

const run = promisify(execFile);

/**
 * A headless Chromium: the one from npm on 64-bit Linux, elsewhere the Chrome that is installed. `CHROMIUM_PATH` names
 * another one. The caller closes it.
 */
export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ ...(await whichOne()), args: quietArgs, timeout: patienceMs });
  // Every page of it, however it is opened, waits as long for what it is asked to find.
  const open = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await open(options);
    context.setDefaultTimeout(patienceMs);
    const close = context.close.bind(context);
    context.close = async (reason) => {
      // An answer that is still held back when its page goes is nobody's fault.
      await Promise.all(context.pages().map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
      await close(reason);
    };
    return context;
  };
  return browser;
}

async function whichOne(): Promise<LaunchOptions> {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return { executablePath: named };
  const isPackaged = process.platform === 'linux' && process.arch === 'x64';
  if (!isPackaged) return { channel: 'chrome' };
  const folder = await unpackedOnce();
  return {
    executablePath: path.join(folder, 'chromium'),
    env: { ...ownEnvironment(), ...(await missingParts(folder)) },
  };
}

// The pages are our own on loopback; as root, and in most containers, Chromium's own sandbox cannot start.
const quietArgs = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--font-render-hinting=none',
];

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The package unpacks to one fixed path for every user and process; this is one folder a user, complete or not there. */
async function unpackedOnce(): Promise<string> {
  const packed = path.join(path.dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..');
  const { version } = JSON.parse(await readFile(path.join(packed, 'package.json'), 'utf8')) as { version: string };
  const folder = path.join(os.tmpdir(), `zhike-chromium-${version}-${os.userInfo().username}`);
  if (existsSync(folder)) return folder;

  const building = await mkdtemp(`${folder}-`);
  const binary = path.join(building, 'chromium');
  await unbrotli(path.join(packed, 'bin', 'chromium.br'), createWriteStream(binary));
  await chmod(binary, 0o755);
  await untar(path.join(packed, 'bin', 'al2023.tar.br'), building);
  await untar(path.join(packed, 'bin', 'fonts.tar.br'), building);
  try {
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

const unbrotli = (file: string, to: Writable) => pipeline(createReadStream(file), createBrotliDecompress(), to);

async function untar(file: string, folder: string): Promise<void> {
  const tar = spawn('tar', ['-x', '-C', folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve, reject) => {
    tar.once('error', reject);
    tar.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`tar ended with ${code} on ${file}`))));
  });
  // tar ends at the mark that ends an archive, and what pads the file may still be on its way: tar says how it went.
  await Promise.all([unbrotli(file, tar.stdin).catch(() => {}), ended]);
}

/** The libraries a Chromium needs beyond the C library, where the machine lacks them. */
export async function bundledLibraries(binary: string): Promise<Record<string, string>> {
  const { stdout } = await run('ldd', [binary]);
  return stdout.includes('not found') ? { LD_LIBRARY_PATH: path.join(await unpackedOnce(), 'lib') } : {};
}

/** Bare machines lack NSS and fonts; the package carries both. */
async function missingParts(folder: string): Promise<Record<string, string>> {
  const parts = await bundledLibraries(path.join(folder, 'chromium'));
  if (!existsSync('/etc/fonts/fonts.conf')) parts['FONTCONFIG_FILE'] = await ownFonts(folder);
  return parts;
}

async function ownFonts(folder: string): Promise<string> {
  const file = path.join(folder, 'own-fonts.conf');
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${folder}</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>`,
  );
  return file;
}
