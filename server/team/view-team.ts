import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { instantOf } from '#server/base/shanghai.ts';
import { opportunityStages } from '#server/opportunity/opportunity-api.ts';
import { daysSince, stalledBefore } from '#server/opportunity/opportunity.ts';
import { readFollowUp } from './follow-up-setting.ts';
import { type RepRow, type SilentCustomer, type stageColumn } from './team-api.ts';
import { recentRemindKeys, useSince, weekStart } from './team.ts';
import {
  countByRep,
  countLate,
  countNewSales,
  countSilent,
  countStages,
  listNoticeTimes,
  listSilent,
  type SilentPoint,
  type SilentRow,
} from './team-store.ts';

/** How far back a reminder is still shown. */
const REMINDED_HOURS = 48;

export async function viewSummary(deps: Deps, { scope }: Caller) {
  const { silentDays } = await readFollowUp(deps.db);
  const [late, newOpportunities, silentCustomers] = await Promise.all([
    countLate(deps.db, scope, deps.now()),
    countNewSales(deps.db, scope, weekStart(deps.now())),
    countSilent(deps.db, scope, silentDays, deps.now()),
  ]);
  return { overdueTasks: late.tasks, overduePromises: late.promises, newOpportunities, silentCustomers };
}

/** Every stage in its order, also those nothing is in. */
export async function viewPipeline(
  deps: Deps,
  { scope }: Caller,
  ownerId: string | undefined,
): Promise<z.infer<typeof stageColumn>[]> {
  const counted = await countStages(deps.db, scope, { ownerId, stalledBefore: stalledBefore(deps.now()) });
  return opportunityStages.map(
    (stage) => counted.find((one) => one.stage === stage) ?? { stage, count: 0, sumFen: 0, stalled: 0 },
  );
}

export async function viewReps(deps: Deps, { scope }: Caller): Promise<RepRow[]> {
  const now = deps.now();
  const { silentDays } = await readFollowUp(deps.db);
  const sinceDay = useSince(now);
  const rows = await countByRep(deps.db, scope, silentDays, {
    now,
    since: instantOf(sinceDay, 0),
    sinceDay: new Date(sinceDay * DAY_MS),
  });
  return rows.map(({ id, name, avatar, ...counts }) => ({ member: { id, name, avatar }, ...counts }));
}

export async function viewSilent(
  deps: Deps,
  { scope }: Caller,
  query: { ownerId?: string | undefined; grade?: string | undefined; after?: string | undefined; limit: number },
): Promise<{ items: SilentCustomer[]; nextAfter: string | null }> {
  const { after, limit, ...filter } = query;
  const { silentDays } = await readFollowUp(deps.db);
  const point = after ? pointOf(after) : null;
  const now = deps.now();
  const rows = await listSilent(deps.db, scope, silentDays, { ...filter, now, after: point, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const times = await listNoticeTimes(
    deps.db,
    shown.flatMap(({ id }) => recentRemindKeys({ about: 'customer', id }, now, REMINDED_HOURS)),
  );
  return {
    items: shown.map((row) => viewRow(row, times, now)),
    nextAfter: rows.length > limit && last ? cursorOf(last) : null,
  };
}

function viewRow(row: SilentRow, times: ReadonlyMap<string, Date>, now: Date): SilentCustomer {
  const keys = recentRemindKeys({ about: 'customer', id: row.id }, now, REMINDED_HOURS);
  const reminded = keys.map((key) => times.get(key)).find((at) => at !== undefined);
  return {
    customer: { id: row.id, name: row.name, grade: row.grade as SilentCustomer['customer']['grade'] },
    owner: row.ownerId === null || row.ownerName === null ? null : { id: row.ownerId, name: row.ownerName },
    lastContactAt: row.lastContactAt?.toISOString() ?? null,
    days: daysSince(row.since, now),
    daysMax: row.daysMax,
    remindedAt: reminded?.toISOString() ?? null,
  };
}

function cursorOf({ silentAt, id }: SilentPoint): string {
  return Buffer.from(JSON.stringify([silentAt.toISOString(), id])).toString('base64url');
}

/** A cursor nobody was given begins at the beginning. */
function pointOf(cursor: string): SilentPoint | null {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const silentAt = new Date(String(at));
    const isPoint = !Number.isNaN(silentAt.getTime()) && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(String(id));
    return isPoint ? { silentAt, id: String(id) } : null;
  } catch {
    return null;
  }
}
