import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { World } from './stage.ts';

/** Null when there is none yet, or one of another version. */
export function readWorld(path: string): World | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const world = JSON.parse(text) as Partial<World>;
  // Written by a version that had none of these.
  const added = {
    cards: [],
    cardCodes: [],
    transfers: [],
    groupSends: [],
    contactWays: [],
    acquisitionLinks: [],
    uploads: [],
  };
  return world.version === 1 ? ({ ...added, ...world } as World) : null;
}

/** Writes the world a moment after it changed, whole or not at all; `close` writes it a last time. */
export function worldWriter(path: string, world: () => World, failed: (error: unknown) => void, delayMs = 300) {
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;
  let running = Promise.resolve();

  async function write() {
    await mkdir(dirname(path), { recursive: true });
    // It holds the archive's private key.
    await writeFile(`${path}.new`, JSON.stringify(world()), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  return {
    changed(): void {
      if (isClosed) return;
      timer ??= setTimeout(() => {
        timer = null;
        running = running.then(write).catch(failed);
      }, delayMs);
    },
    async close(): Promise<void> {
      isClosed = true;
      if (timer) clearTimeout(timer);
      timer = null;
      running = running.then(write);
      await running;
    },
  };
}
