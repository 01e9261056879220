import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { startEmbeddedPostgres } from '#server/base/embedded-postgres.ts';

const schemaDir = path.join(import.meta.dirname, 'schema');
const migrationsDir = path.join(import.meta.dirname, 'migrations');
/** The schema the written migrations lead to. Kept, because the WASM engine cannot read it back from PostgreSQL ("char" columns of the catalogue). */
const migratedSchema = path.join(migrationsDir, 'migrated-schema.prisma');
const MIGRATION_LOCK = 7_201_947;

/**
 * Brings the database up to the newest migration and answers the names it applied. Keeps `_prisma_migrations` as
 * `prisma migrate deploy` would. Processes that start together wait for each other.
 */
export async function migrate(connectionString: string): Promise<string[]> {
  const lock = new pg.Client({ connectionString });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await withEngine(connectionString, async (schemaEngine) => {
      const { appliedMigrationNames } = await schemaEngine.applyMigrations({
        migrationsList: migrationsList(),
        filters,
      });
      return appliedMigrationNames;
    });
  } finally {
    await lock.end();
  }
}

/** Names of the migrations this code needs. */
export function migrationNames(): string[] {
  return migrationsList().migrationDirectories.map((directory) => directory.path);
}

/** The SQL that takes the written migrations to the schema as it stands; '' when they agree. Reads nothing of the database it is given. */
export async function pendingSql(connectionString: string): Promise<string> {
  const before = existsSync(migratedSchema)
    ? [{ path: migratedSchema, content: readFileSync(migratedSchema, 'utf8') }]
    : [];
  const { stdout } = await withEngine(connectionString, (schemaEngine) =>
    schemaEngine.diff({
      from: before.length > 0 ? { tag: 'schemaDatamodel', files: before } : { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: schemaFiles().map(([file, content]) => ({ path: file, content })) },
      script: true,
      exitCode: null,
      filters,
    }),
  );
  return stdout?.includes('This is an empty migration') ? '' : (stdout ?? '').trim();
}

const filters = { externalTables: [], externalEnums: [] };

function schemaFiles(): [string, string][] {
  return readdirSync(schemaDir)
    .sort()
    .map((name) => [path.join(schemaDir, name), readFileSync(path.join(schemaDir, name), 'utf8')]);
}

function migrationsList() {
  const names = readdirSync(migrationsDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    baseDir: migrationsDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    migrationDirectories: names
      .map((entry) => entry.name)
      .sort()
      .map((name) => {
        const value = readFileSync(path.join(migrationsDir, name, 'migration.sql'), 'utf8');
        return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } };
      }),
    shadowDbInitScript: '',
  };
}

/** The engine Prisma's own command would download, here as WebAssembly from npm. Its module holds one instance per process. */
let wasm: Promise<void> | undefined;

async function withEngine<T>(
  connectionString: string,
  work: (schemaEngine: engine.SchemaEngine) => Promise<T>,
): Promise<T> {
  wasm ??= loadWasm();
  await wasm;
  // The engine holds its own advisory lock until its connections close, which is our doing: it never closes them.
  const pool = new pg.Pool({ connectionString });
  try {
    const adapters = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
    return await work(await engine.SchemaEngine.new({ datamodels: schemaFiles() }, () => {}, adapters));
  } finally {
    await pool.end();
  }
}

async function loadWasm(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const file = path.join(path.dirname(entry), 'schema_engine_bg.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': engine });
  engine.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
}

async function createMigration(name: string): Promise<string> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'zhike-migrate-'));
  // As root the server runs as another user, who must be able to enter.
  chmodSync(dataDir, 0o755);
  const scratch = await startEmbeddedPostgres({ dataDir, throwaway: true });
  const sql = await pendingSql(scratch.url).finally(() => scratch.stop());
  rmSync(dataDir, { recursive: true });
  if (sql === '') return 'The migrations already say what the schema says.';
  const directory = `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`;
  mkdirSync(path.join(migrationsDir, directory), { recursive: true });
  writeFileSync(path.join(migrationsDir, directory, 'migration.sql'), `${sql}\n`);
  writeFileSync(
    migratedSchema,
    schemaFiles()
      .map(([, content]) => content)
      .join('\n'),
  );
  return `Wrote prisma/migrations/${directory}/migration.sql: read it before you commit it.`;
}

async function migrateByHand(): Promise<string> {
  const url = process.env['DATABASE_URL'];
  if (!url)
    throw new Error('Set DATABASE_URL to the database to migrate; npm start migrates the embedded one by itself.');
  const applied = await migrate(url);
  return applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`;
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  console.log(positionals[0] === 'create' ? await createMigration(positionals[1] ?? 'change') : await migrateByHand());
}
