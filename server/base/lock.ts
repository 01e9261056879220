import type pg from 'pg';

/**
 * Runs `work` while no other process runs work of the same name; false, without running, when one does. The lock ends
 * with its connection, so a process that dies holds nothing.
 */
export async function withLock(pool: pg.Pool, name: string, work: () => Promise<void>): Promise<boolean> {
  const client = await pool.connect();
  let isClean = false;
  try {
    const { rows } = await client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
      [name],
    );
    if (!rows[0]?.locked) {
      isClean = true;
      return false;
    }
    try {
      await work();
      return true;
    } finally {
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]);
      isClean = true;
    }
  } finally {
    // A connection that could not say it let go is closed, which lets go.
    client.release(!isClean);
  }
}
