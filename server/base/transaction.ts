import type pg from 'pg';

/** A transaction on the plain connections, for hot statements that must hold together. */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isClean = false;
  try {
    await client.query('BEGIN');
    try {
      const result = await work(client);
      await client.query('COMMIT');
      isClean = true;
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      isClean = true;
      throw error;
    }
  } finally {
    // A connection that could not end its transaction is closed, which ends it.
    client.release(!isClean);
  }
}
