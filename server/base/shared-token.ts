import type pg from 'pg';
import type { PlatformTools } from '#server/platform/driver.ts';
import { MINUTE_MS } from './duration.ts';
import type { FieldCipher } from './field-cipher.ts';

/** Refreshed this long before its end, so that nobody holds a token that ends in mid-call. */
const EARLY_MS = 5 * MINUTE_MS;

/**
 * Credentials kept in the database. Whoever finds one missing or ended takes its lock and refreshes; the others wait for
 * the lock and find it done. `isBad` says which value the platform refused: it is replaced only if nobody has yet.
 */
export function makeSharedToken(pool: pg.Pool, cipher: FieldCipher, now: () => Date): PlatformTools['sharedToken'] {
  const cache = new Map<string, { value: string; expiresAt: number }>();
  /** One connection for all who wait in this process: a refresh may need a second token, and with it another one. */
  const underway = new Map<string, Promise<string>>();

  return async (name, refresh, options = {}) => {
    const cached = cache.get(name);
    if (cached && cached.value !== options.isBad && cached.expiresAt > now().getTime()) return cached.value;

    const same = JSON.stringify([name, options.isBad]);
    const waiting = underway.get(same) ?? fetchShared(name, refresh, options).finally(() => underway.delete(same));
    underway.set(same, waiting);
    return waiting;
  };

  async function fetchShared(...[name, refresh, options = {}]: Parameters<PlatformTools['sharedToken']>) {
    const client = await pool.connect();
    let isClean = false;
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`token:${name}`]);
      const { rows } = await client.query<{ value: string; expiresAt: Date }>(
        'SELECT value, "expiresAt" FROM "SharedToken" WHERE name = $1',
        [name],
      );
      let token = rows[0] && { value: cipher.decrypt(rows[0].value), expiresAt: rows[0].expiresAt.getTime() };
      if (!token || token.value === options.isBad || token.expiresAt <= now().getTime()) {
        const fresh = await refresh();
        token = {
          value: fresh.value,
          expiresAt: now().getTime() + Math.max(fresh.expiresInMs - EARLY_MS, fresh.expiresInMs / 2),
        };
        await client.query(
          `INSERT INTO "SharedToken" (name, value, "expiresAt", "updatedAt") VALUES ($1, $2, $3, now())
           ON CONFLICT (name) DO UPDATE SET value = excluded.value, "expiresAt" = excluded."expiresAt", "updatedAt" = now()`,
          [name, cipher.encrypt(token.value), new Date(token.expiresAt)],
        );
      }
      await client.query('COMMIT');
      isClean = true;
      cache.set(name, token);
      return token.value;
    } finally {
      // What was not committed ends with its connection; what went wrong stays the error that is told.
      client.release(!isClean);
    }
  }
}
