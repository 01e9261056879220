import { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { Day } from '#server/base/shanghai.ts';

export interface Bounds {
  since: Date;
  before: Date;
}

/** What some runs came to. */
export interface Figures {
  key: string;
  runs: number;
  costMicros: bigint;
  estimatedMicros: bigint;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  dropped: number;
  p50Ms: number | null;
  p95Ms: number | null;
  firstAt: Date;
  lastAt: Date;
  outcomes: Record<string, number>;
}

type Key = 'useCase' | 'promptVersion';
const columns = { useCase: Prisma.sql`"useCase"`, promptVersion: Prisma.sql`"promptVersion"` } as const;

/** By use case or by version of a prompt, and with the key '' for all of them. Waited for was only who was asked. */
export async function sumRuns(db: Db, by: Key, { since, before }: Bounds): Promise<Figures[]> {
  const key = columns[by];
  const within = Prisma.sql`at >= ${since}::timestamptz AND at < ${before}::timestamptz`;
  const [sums, outcomes] = await Promise.all([
    db.$queryRaw<Omit<Figures, 'outcomes'>[]>`
      SELECT coalesce(${key}, '') AS key, count(*)::int AS runs, sum("costMicros")::bigint AS "costMicros",
        sum("estimatedMicros")::bigint AS "estimatedMicros", sum("inputTokens")::float8 AS "inputTokens", sum("cachedTokens")::float8 AS "cachedTokens",
        sum("outputTokens")::float8 AS "outputTokens", sum("droppedCount")::float8 AS dropped,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY "latencyMs") FILTER (WHERE ${wasAsked}) AS "p50Ms",
        percentile_disc(0.95) WITHIN GROUP (ORDER BY "latencyMs") FILTER (WHERE ${wasAsked}) AS "p95Ms",
        min(at) AS "firstAt", max(at) AS "lastAt"
      FROM "ModelRun" WHERE ${within} GROUP BY GROUPING SETS ((${key}), ()) HAVING count(*) > 0 ORDER BY 1`,
    db.$queryRaw<{ key: string; outcome: string; runs: number }[]>`
      SELECT coalesce(${key}, '') AS key, outcome, count(*)::int AS runs
      FROM "ModelRun" WHERE ${within} GROUP BY GROUPING SETS ((${key}, outcome), (outcome))`,
  ]);
  return sums.map((sum) => ({
    ...sum,
    outcomes: Object.fromEntries(
      outcomes.filter((row) => row.key === sum.key).map(({ outcome, runs }) => [outcome, runs]),
    ),
  }));
}

const wasAsked = Prisma.sql`outcome IN ('answered', 'repaired', 'unavailable', 'unusable')`;

/** The days on which there were any. A day is Shanghai's, which is eight hours ahead the whole year. */
export async function sumDays(
  db: Db,
  { since, before }: Bounds,
): Promise<Map<Day, { runs: number; costMicros: bigint }>> {
  const rows = await db.$queryRaw<{ day: number; runs: number; costMicros: bigint }[]>`
    SELECT floor((extract(epoch FROM at) + 28800) / 86400)::int AS day, count(*)::int AS runs,
      sum("costMicros")::bigint AS "costMicros"
    FROM "ModelRun" WHERE at >= ${since}::timestamptz AND at < ${before}::timestamptz GROUP BY 1`;
  return new Map(rows.map(({ day, ...sum }) => [day, sum]));
}

/** Who cost most. A contact bound to several counts for the one it was bound to first, so that nothing counts twice. */
export async function sumCustomers(
  db: Db,
  { since, before }: Bounds,
  limit: number,
): Promise<{ id: string | null; name: string | null; runs: number; costMicros: bigint }[]> {
  return db.$queryRaw`
    SELECT customer.id, customer.name, sum(cost.runs)::int AS runs, sum(cost.micros)::bigint AS "costMicros"
    FROM (
      SELECT "contactId", count(*) AS runs, sum("costMicros") AS micros FROM "ModelRun"
      WHERE at >= ${since}::timestamptz AND at < ${before}::timestamptz AND "contactId" IS NOT NULL GROUP BY 1
    ) cost
    LEFT JOIN LATERAL (
      SELECT "customerId" FROM "Binding" binding WHERE binding."contactId" = cost."contactId"
      ORDER BY "madeAt", "customerId" LIMIT 1
    ) bound ON true
    LEFT JOIN "Customer" customer ON customer.id = bound."customerId"
    GROUP BY customer.id, customer.name ORDER BY sum(cost.micros) DESC, customer.id NULLS LAST LIMIT ${limit}`;
}

/** What became of the replies that were drafted. */
export interface DraftFigures {
  key: string;
  shown: number;
  sent: number;
  edited: number;
  rejected: number;
  distance: number | null;
}

/** By version of the prompt, and with the key '' for all of them. */
export async function sumDrafts(db: Db, { since, before }: Bounds): Promise<DraftFigures[]> {
  return db.$queryRaw`
    SELECT coalesce(version, '') AS key, count(*) FILTER (WHERE what = 'shown')::int AS shown,
      count(*) FILTER (WHERE what IN ('sent', 'copied'))::int AS sent,
      count(*) FILTER (WHERE what = 'edited')::int AS edited,
      count(*) FILTER (WHERE what IN ('down', 'discarded'))::int AS rejected, avg(distance)::float8 AS distance
    FROM (
      SELECT "promptVersion" AS version, 'shown' AS what, NULL::float8 AS distance FROM "Summary"
      WHERE "replyDraft" IS NOT NULL AND at >= ${since}::timestamptz AND at < ${before}::timestamptz
      UNION ALL
      SELECT "promptVersion", 'shown', NULL FROM "ModelRun"
      WHERE "useCase" = 'draft-reply' AND outcome IN ('answered', 'repaired', 'cached')
        AND at >= ${since}::timestamptz AND at < ${before}::timestamptz
      UNION ALL
      SELECT coalesce(feedback."promptVersion", summary."promptVersion"), feedback.verdict, feedback.distance
      FROM "SuggestionFeedback" feedback
      LEFT JOIN "Summary" summary ON summary.id = feedback."summaryId"
      WHERE feedback.at >= ${since}::timestamptz AND feedback.at < ${before}::timestamptz
    ) drafts GROUP BY GROUPING SETS ((version), ())`;
}

const shownOfRun = {
  id: true,
  at: true,
  useCase: true,
  promptVersion: true,
  model: true,
  outcome: true,
  costMicros: true,
  estimatedMicros: true,
  inputTokens: true,
  cachedTokens: true,
  outputTokens: true,
  latencyMs: true,
  droppedCount: true,
  error: true,
  contactId: true,
} satisfies Prisma.ModelRunSelect;

export type RunRow = Prisma.ModelRunGetPayload<{ select: typeof shownOfRun }>;

/** Newest first, after the one named. */
export async function listRuns(
  db: Db,
  filter: { useCase?: string | undefined; outcome?: string | undefined },
  page: { after: string | null; limit: number },
): Promise<RunRow[]> {
  const { useCase, outcome } = filter;
  return db.modelRun.findMany({
    where: { ...(useCase ? { useCase } : {}), ...(outcome ? { outcome } : {}) },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    take: page.limit,
    ...(page.after ? { cursor: { id: page.after }, skip: 1 } : {}),
    select: shownOfRun,
  });
}

export async function isRun(db: Db, id: string): Promise<boolean> {
  return (await db.modelRun.count({ where: { id } })) > 0;
}

export async function listContactNames(db: Db, ids: string[]): Promise<Map<string, string>> {
  const rows = await db.contact.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export interface SwitchEntry {
  at: Date;
  memberId: string | null;
  subject: string;
  detail: Prisma.JsonValue;
}

/** What was decided about the model, newest first. */
export async function listDecisions(db: Db, settingSubject: string, limit: number): Promise<SwitchEntry[]> {
  return db.auditEntry.findMany({
    where: {
      OR: [{ subject: settingSubject }, { subject: { startsWith: 'chat-source:' }, action: 'chat_source.changed' }],
    },
    orderBy: { id: 'desc' },
    take: limit,
    select: { at: true, memberId: true, subject: true, detail: true },
  });
}

/** Until the transaction ends, for whoever changes what the model may be asked or tells of it. */
export async function lockModelSetting(tx: Db): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('setting:model', 0))`;
}

/** Who is told when a line is crossed. */
export async function listAdmins(db: Db): Promise<{ id: string; locale: string }[]> {
  return db.member.findMany({
    where: { role: 'admin', status: 'active' },
    select: { id: true, locale: true },
    orderBy: { id: 'asc' },
  });
}
