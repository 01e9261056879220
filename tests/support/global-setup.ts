import type { TestProject } from 'vitest/node';
import { migrate } from '#prisma/migrate.ts';
import { startEmbeddedPostgres } from '#server/base/embedded-postgres.ts';
import { freshFolder } from './folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** One PostgreSQL for the run; its `zhike` database is the migrated template every test file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = freshFolder();
  const postgres = await startEmbeddedPostgres({ dataDir, throwaway: true });
  await migrate(postgres.url);
  project.provide('databaseUrl', postgres.url);
  return async () => {
    await postgres.stop();
  };
}
