import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '#server/base/deps.ts';

/** Until somebody waits in this database for what another transaction holds. */
export async function untilSomebodyWaits({ pool }: Pick<Deps, 'pool'>): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await pool.query(waiting)).rowCount === 0) await sleep(5);
}
