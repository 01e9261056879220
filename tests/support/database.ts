import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** An empty, migrated database of one's own. */
export async function cloneDatabase(): Promise<TestDatabase> {
  const template = new URL(inject('databaseUrl'));
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administrate(template, `CREATE DATABASE ${name} TEMPLATE zhike STRATEGY file_copy`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => drop(template, name) };
}

/** Connections that are saying goodbye get a moment: ended by force they would complain where nobody listens. */
async function drop(template: URL, name: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const leaving = await administrate(template, `SELECT 1 FROM pg_stat_activity WHERE datname = '${name}'`);
    if (leaving === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await administrate(template, `DROP DATABASE ${name} WITH (FORCE)`);
}

/** Answers how many rows came back. */
async function administrate(template: URL, statement: string): Promise<number> {
  const url = new URL(template);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}
