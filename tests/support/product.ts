import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.join(import.meta.dirname, '..', '..');

export interface Product {
  process: ChildProcess;
  /** All it printed so far. */
  output(): string;
  /** Resolves with the first match; rejects when the process ends without one. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code. */
  ended: Promise<number | null>;
}

/** The product as an operator starts it, in a process of its own. Nothing of the caller's environment leaks in but PATH. */
export function startProduct(env: Record<string, string>, ...args: string[]): Product {
  const child = spawn(process.execPath, [path.join(root, 'server', 'main.ts'), ...args], {
    env: { PATH: process.env['PATH'], PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    process: child,
    output: () => printed,
    ended,
    async says(pattern) {
      for (;;) {
        const match = pattern.exec(printed);
        if (match) return match;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`The product ended without saying ${String(pattern)}:\n${printed}`);
        await Promise.race([sleep(50), ended]);
      }
    },
  };
}

/** Below the ports the system hands out by itself: nobody else is given this one before it is listened on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
