import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { dayOf } from '#server/base/shanghai.ts';

/** That the member had the sidebar open today. Nobody waits for it: what is lost is a count. */
export function countUse(deps: Deps, memberId: string): void {
  const day = new Date(dayOf(deps.now()) * DAY_MS).toISOString().slice(0, 10);
  deps.pool
    .query(
      `INSERT INTO "SidebarUse" AS use ("memberId", day) VALUES ($1, $2::date)
       ON CONFLICT ("memberId", day) DO UPDATE SET opens = use.opens + 1`,
      [memberId, day],
    )
    .catch((err: unknown) => deps.log.warn({ err }, 'a use of the sidebar was not counted'));
}
