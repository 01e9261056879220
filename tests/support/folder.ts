import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const made: string[] = [];
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/**
 * An empty folder that goes when this process ends. Others may enter it: as root the embedded PostgreSQL would otherwise
 * leave its files elsewhere.
 */
export function freshFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'zhike-test-'));
  chmodSync(folder, 0o755);
  made.push(folder);
  return folder;
}
