import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg';

const schemaDir = path.join(import.meta.dirname, 'schema');
const migrationsDir = path.join(import.meta.dirname, 'migrations');

/**
 * Brings the database up to the newest migration and answers the names it applied. Keeps `_prisma_migrations` as
 * `prisma migrate deploy` would. Safe to call from several processes at once: PostgreSQL's advisory lock lets one through.
 */
export async function migrate(connectionString: string): Promise<string[]> {
  const schemaEngine = await startEngine(connectionString);
  const { appliedMigrationNames } = await schemaEngine.applyMigrations({ migrationsList: migrationsList(), filters });
  return appliedMigrationNames;
}

/** The SQL that would take the written migrations to the schema as it stands; empty when they agree. */
export async function pendingSql(connectionString: string): Promise<string> {
  const schemaEngine = await startEngine(connectionString);
  const { stdout } = await schemaEngine.diff({
    from: { tag: 'migrations', ...migrationsList() },
    to: { tag: 'schemaDatamodel', files: schemaFiles().map(([file, content]) => ({ path: file, content })) },
    script: true,
    exitCode: null,
    filters,
  });
  return stdout ?? '';
}

const filters = { externalTables: [], externalEnums: [] };

function schemaFiles(): [string, string][] {
  return readdirSync(schemaDir)
    .sort()
    .map((name) => [path.join(schemaDir, name), readFileSync(path.join(schemaDir, name), 'utf8')]);
}

function migrationsList() {
  return {
    baseDir: migrationsDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    migrationDirectories: readdirSync(migrationsDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
      .map((name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok' as const, value: readFileSync(path.join(migrationsDir, name, 'migration.sql'), 'utf8') },
        },
      })),
    shadowDbInitScript: '',
  };
}

/** The engine Prisma's own command would download, here as WebAssembly from npm. */
async function startEngine(connectionString: string) {
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': engine });
  engine.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  return engine.SchemaEngine.new(
    { datamodels: schemaFiles() },
    () => {},
    bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString })),
  );
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  // eslint-disable-next-line node/no-process-env -- run by hand, before any config exists
  const url = process.env['DATABASE_URL'];
  if (!url)
    throw new Error('Set DATABASE_URL to the database to migrate; npm start migrates the embedded one by itself.');
  if (positionals[0] === 'create') {
    const sql = await pendingSql(url);
    if (sql.trim() === '' || sql.includes('This is an empty migration')) {
      console.log('The migrations already say what the schema says.');
    } else {
      const name = `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${positionals[1] ?? 'change'}`;
      mkdirSync(path.join(migrationsDir, name), { recursive: true });
      writeFileSync(path.join(migrationsDir, name, 'migration.sql'), sql);
      console.log(`Wrote prisma/migrations/${name}/migration.sql: read it before you commit it.`);
    }
  } else {
    const applied = await migrate(url);
    console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`);
  }
}
