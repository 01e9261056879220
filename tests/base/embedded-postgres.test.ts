import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from '#server/base/embedded-postgres.ts';
import { freshFolder } from '#tests/support/folder.ts';

const isRoot = process.getuid?.() === 0;

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(statement);
  await client.end();
  return rows;
}

test('a second start finds what the first one stored', async () => {
  const dataDir = path.join(freshFolder(), 'data');
  const first = await startEmbeddedPostgres({ dataDir });
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  const second = await startEmbeddedPostgres({ dataDir });
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  await second.stop();
});

test('a server that outlived a killed process is taken over', async () => {
  const dataDir = path.join(freshFolder(), 'data');
  const orphan = await startEmbeddedPostgres({ dataDir });
  const heir = await startEmbeddedPostgres({ dataDir });
  expect(new URL(heir.url).port).toBe(new URL(orphan.url).port);
  await heir.stop();
  await expect(query(orphan.url, 'SELECT 1')).rejects.toThrow();
});

test('it starts in a folder only its owner may enter, also as root, whom PostgreSQL refuses', async () => {
  const home = freshFolder();
  chmodSync(home, 0o700);
  const dataDir = path.join(home, 'clone', '.data');
  mkdirSync(dataDir, { recursive: true });
  const postgres = await startEmbeddedPostgres({ dataDir });
  const [row] = await query(postgres.url, "SELECT current_setting('data_directory') AS dir");
  await postgres.stop();
  const directory = String(row?.['dir']);
  if (isRoot) onTestFinished(() => rmSync(path.dirname(directory), { recursive: true, force: true }));
  expect({ insideTheFolder: directory.startsWith(home), ownedByRoot: statSync(directory).uid === 0 }).toEqual({
    insideTheFolder: !isRoot,
    ownedByRoot: false,
  });
  expect(existsSync(path.join(directory, 'PG_VERSION'))).toBe(true);
});
