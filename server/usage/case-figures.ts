import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { caseFigures } from './usage-api.ts';

/** `npm run eval` writes `<name>@<version>.json` here; they are kept with the prompts they measured. */
const resultsDir = path.join(import.meta.dirname, '..', '..', 'prompts', 'results');

/** How a version of a prompt did with the stored cases; null when nobody let it. */
export async function readCaseFigures(version: string, dir = resultsDir): Promise<z.infer<typeof caseFigures> | null> {
  const file = path.join(dir, `${version}.json`);
  // A version comes out of the ledger: it names a file of this folder or none.
  if (!/^[\w-]+@\d+$/.test(version) || !existsSync(file)) return null;
  return caseFigures.parse(JSON.parse(await readFile(file, 'utf8')));
}
