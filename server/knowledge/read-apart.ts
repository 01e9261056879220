import { Worker } from 'node:worker_threads';
import type { DocumentKind } from './knowledge.ts';
import type { Block } from './passage.ts';
import { ReadFailure, type ReadFailureCode } from './read-failure.ts';

const READ_MS_MAX = 120_000;
const MEMORY_MB_MAX = 512;

/**
 * Reads a file in a thread of its own: whoever made the file decides how much work it is, and neither the time nor the
 * memory of this process is theirs. Throws ReadFailure.
 */
export async function readApart(kind: DocumentKind, bytes: Buffer, timeoutMs = READ_MS_MAX): Promise<Block[]> {
  const worker = new Worker(new URL('./blocks-thread.ts', import.meta.url), {
    workerData: { kind, bytes: new Uint8Array(bytes) },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
    env: {},
    execArgv: [],
    // Libraries remark on what no operator can change.
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Block[]>((resolve, reject) => {
      timer = setTimeout(() => reject(new ReadFailure('knowledge.too_slow')), timeoutMs);
      worker.on('message', (told: { blocks: Block[] } | { failure: ReadFailureCode }) => {
        if ('blocks' in told) resolve(told.blocks);
        else reject(new ReadFailure(told.failure));
      });
      worker.on('error', (error: Error & { code?: string }) => {
        const isTooMuch = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(isTooMuch ? new ReadFailure('knowledge.too_large_inside') : error);
      });
      worker.on('exit', () => reject(new ReadFailure('knowledge.damaged')));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
