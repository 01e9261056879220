import { parentPort, workerData } from 'node:worker_threads';
import type { DocumentKind } from './knowledge.ts';
import { ReadFailure } from './read-failure.ts';
import { readBlocks } from './read-blocks.ts';

const { kind, bytes } = workerData as { kind: DocumentKind; bytes: Uint8Array };
try {
  parentPort?.postMessage({ blocks: await readBlocks(kind, Buffer.from(bytes)) }, []);
} catch (error) {
  // A library that stumbles over a file does so each time.
  const failure = error instanceof ReadFailure ? error.code : 'knowledge.damaged';
  parentPort?.postMessage({ failure }, []);
}
