import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

// `prisma generate` asks for its native schema engine, which is downloaded from a host many networks cannot reach, and
// then does not use it: any file that exists will do.
const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'generate', '--no-hints'], {
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  encoding: 'utf8',
});
if (status !== 0) console.error(stdout + stderr);
process.exitCode = status ?? 1;
