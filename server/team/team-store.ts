import { Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { followedStates } from '#server/contact/follow.ts';
import { openStages } from '#server/opportunity/opportunity.ts';
import type { OpportunityStage } from '#server/opportunity/opportunity-api.ts';
import type { FollowUpSetting } from './team-api.ts';

type SilentDays = FollowUpSetting['silentDays'];
type Sql = Prisma.Sql;

/** Whether the member in this column is in scope; nobody is in no scope but that of all. */
function memberIn(scope: Scope, column: Sql): Sql {
  return scope.all ? Prisma.sql`TRUE` : Prisma.sql`${column} = ANY(${[...scope.memberIds]}::uuid[])`;
}

/** As the list of opportunities says: of customers in scope, and those a member in scope owns. */
function saleIn(scope: Scope): Sql {
  if (scope.all) return Prisma.sql`TRUE`;
  return Prisma.sql`(${memberIn(scope, Prisma.sql`sale."ownerId"`)} OR EXISTS (
    SELECT 1 FROM "Customer" customer WHERE customer.id = sale."customerId" AND (
      ${memberIn(scope, Prisma.sql`customer."ownerId"`)} OR EXISTS (
        SELECT 1 FROM "Binding" binding JOIN "Follow" follow ON follow."contactId" = binding."contactId"
        WHERE binding."customerId" = customer.id AND follow.state = ANY(${[...followedStates]}::text[])
          AND ${memberIn(scope, Prisma.sql`follow."memberId"`)}))))`;
}

/** As `netOf` rounds: half a fen of the discount is given. */
const net = Prisma.sql`(sale."amountFen" - floor(sale."amountFen" * sale."discountBp" / 10000.0 + 0.5))`;
const isOpenSale = Prisma.sql`sale.stage = ANY(${[...openStages]}::text[])`;

export interface StageCount {
  stage: OpportunityStage;
  count: number;
  sumFen: number;
  stalled: number;
}

/** Stages in which there are any. */
export async function countStages(
  db: Db,
  scope: Scope,
  filter: { ownerId: string | undefined; stalledBefore: Date },
): Promise<StageCount[]> {
  const owner = filter.ownerId ? Prisma.sql`sale."ownerId" = ${filter.ownerId}::uuid` : Prisma.sql`TRUE`;
  const rows = await db.$queryRaw<{ stage: OpportunityStage; count: number; sumFen: number; stalled: number }[]>`
    SELECT sale.stage, count(*)::int AS count, coalesce(sum(${net}), 0)::float8 AS "sumFen",
      (count(*) FILTER (WHERE ${isOpenSale} AND sale."stageAt" < ${filter.stalledBefore}::timestamptz))::int AS stalled
    FROM "Opportunity" sale WHERE ${owner} AND ${saleIn(scope)} GROUP BY sale.stage`;
  return rows;
}

export async function countNewSales(db: Db, scope: Scope, since: Date): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM "Opportunity" sale WHERE sale."createdAt" >= ${since}::timestamptz AND ${saleIn(scope)}`;
  return row?.count ?? 0;
}

/** What was promised in a chat is a task that quotes it, taken or not. */
const isLatePromise = (now: Date) =>
  Prisma.sql`task.quote IS NOT NULL AND task.state IN ('open', 'proposed') AND task."dueAt" < ${now}::timestamptz`;
const isOverdue = (now: Date) => Prisma.sql`task.state = 'open' AND task."dueAt" < ${now}::timestamptz`;

export async function countLate(db: Db, scope: Scope, now: Date): Promise<{ tasks: number; promises: number }> {
  const [row] = await db.$queryRaw<{ tasks: number; promises: number }[]>`
    SELECT (count(*) FILTER (WHERE ${isOverdue(now)}))::int AS tasks, (count(*) FILTER (WHERE ${isLatePromise(now)}))::int AS promises
    FROM "Task" task WHERE task.state IN ('open', 'proposed') AND task."dueAt" < ${now}::timestamptz
      AND ${memberIn(scope, Prisma.sql`task."assigneeId"`)}`;
  return row ?? { tasks: 0, promises: 0 };
}

/**
 * Customers with when they were last in touch and until when that is good enough. A sale that is lost leaves nothing to
 * keep up; whoever was never contacted is waited for since the record was made.
 */
function touched(days: SilentDays, where: Sql): Sql {
  return Prisma.sql`
    SELECT customer.id, customer.name, customer.grade, customer."ownerId", touch.at AS "lastContactAt", allowed.days AS "daysMax",
      coalesce(touch.at, customer."createdAt") AS since,
      coalesce(touch.at, customer."createdAt") + make_interval(days => allowed.days) AS "silentAt"
    FROM "Customer" customer
    CROSS JOIN LATERAL (SELECT CASE customer.grade WHEN 'A' THEN ${days.A}::int WHEN 'B' THEN ${days.B}::int
      WHEN 'C' THEN ${days.C}::int ELSE ${days.D}::int END AS days) allowed
    CROSS JOIN LATERAL (SELECT greatest(
      (SELECT max(conversation."lastMessageAt") FROM "Binding" binding JOIN "Conversation" conversation ON conversation."contactId" = binding."contactId"
        WHERE binding."customerId" = customer.id),
      (SELECT max(task."doneAt") FROM "Task" task WHERE task."customerId" = customer.id AND task.state = 'done'),
      (SELECT max(task."doneAt") FROM "Binding" binding JOIN "Task" task ON task."contactId" = binding."contactId" AND task.state = 'done'
        WHERE binding."customerId" = customer.id)) AS at) touch
    WHERE customer.stage <> 'lost' AND ${where}`;
}

export interface SilentRow {
  id: string;
  name: string;
  grade: string | null;
  ownerId: string | null;
  ownerName: string | null;
  lastContactAt: Date | null;
  since: Date;
  silentAt: Date;
  daysMax: number;
}

/** Where a page ended. */
export interface SilentPoint {
  silentAt: Date;
  id: string;
}

/** Customers who have gone without contact for too long, the longest over it first. */
export async function listSilent(
  db: Db,
  scope: Scope,
  days: SilentDays,
  filter: {
    now: Date;
    id?: string | undefined;
    ownerId?: string | undefined;
    grade?: string | undefined;
    after: SilentPoint | null;
    limit: number;
  },
): Promise<SilentRow[]> {
  const { now, id, ownerId, grade, after, limit } = filter;
  const where = Prisma.join(
    [
      memberIn(scope, Prisma.sql`customer."ownerId"`),
      ...(id ? [Prisma.sql`customer.id = ${id}::uuid`] : []),
      ...(ownerId ? [Prisma.sql`customer."ownerId" = ${ownerId}::uuid`] : []),
      ...(grade ? [Prisma.sql`customer.grade = ${grade}`] : []),
    ],
    ' AND ',
  );
  const beyond = after
    ? Prisma.sql`(silent."silentAt", silent.id) > (${after.silentAt}::timestamptz, ${after.id}::uuid)`
    : Prisma.sql`TRUE`;
  return db.$queryRaw<SilentRow[]>`
    SELECT silent.*, owner.name AS "ownerName" FROM (${touched(days, where)}) silent
    LEFT JOIN "Member" owner ON owner.id = silent."ownerId"
    WHERE silent."silentAt" < ${now}::timestamptz AND ${beyond} ORDER BY silent."silentAt", silent.id LIMIT ${limit}`;
}

/** The first of each owner's, with how many they have. */
export async function listSilentOfOwners(
  db: Db,
  days: SilentDays,
  now: Date,
  limit: number,
): Promise<{ ownerId: string; name: string; total: number }[]> {
  return db.$queryRaw<{ ownerId: string; name: string; total: number }[]>`
    SELECT "ownerId", name, total FROM (
      SELECT silent."ownerId", silent.name, (count(*) OVER (PARTITION BY silent."ownerId"))::int AS total,
        row_number() OVER (PARTITION BY silent."ownerId" ORDER BY silent."silentAt", silent.id) AS place
      FROM (${touched(days, Prisma.sql`customer."ownerId" IS NOT NULL`)}) silent WHERE silent."silentAt" < ${now}::timestamptz) ranked
    WHERE place <= ${limit} ORDER BY "ownerId", place`;
}

export async function countSilent(db: Db, scope: Scope, days: SilentDays, now: Date): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (${touched(days, memberIn(scope, Prisma.sql`customer."ownerId"`))}) silent
    WHERE silent."silentAt" < ${now}::timestamptz`;
  return row?.count ?? 0;
}

export interface RepCounts {
  id: string;
  name: string;
  avatar: string | null;
  customers: number;
  openOpportunities: number;
  openSumFen: number;
  overdueTasks: number;
  overduePromises: number;
  silentCustomers: number;
  sidebarDays: number;
  suggestionsUsed: number;
  tasksDone: number;
}

/** Reps in scope, and whoever else there has something of a rep's; one pass over each table. */
export async function countByRep(
  db: Db,
  scope: Scope,
  days: SilentDays,
  { now, since, sinceDay }: { now: Date; since: Date; sinceDay: Date },
): Promise<RepCounts[]> {
  return db.$queryRaw<RepCounts[]>`
    WITH rep AS (SELECT id, name, avatar, role FROM "Member" member WHERE status = 'active' AND ${memberIn(scope, Prisma.sql`member.id`)}),
    owned AS (SELECT "ownerId" AS id, count(*)::int AS customers FROM "Customer" WHERE "ownerId" IN (SELECT id FROM rep) GROUP BY 1),
    sales AS (SELECT sale."ownerId" AS id, count(*)::int AS sales, coalesce(sum(${net}), 0)::float8 AS sum FROM "Opportunity" sale
      WHERE ${isOpenSale} AND sale."ownerId" IN (SELECT id FROM rep) GROUP BY 1),
    late AS (SELECT task."assigneeId" AS id, (count(*) FILTER (WHERE ${isOverdue(now)}))::int AS tasks,
        (count(*) FILTER (WHERE ${isLatePromise(now)}))::int AS promises FROM "Task" task
      WHERE task.state IN ('open', 'proposed') AND task."dueAt" < ${now}::timestamptz AND task."assigneeId" IN (SELECT id FROM rep) GROUP BY 1),
    done AS (SELECT task."assigneeId" AS id, count(*)::int AS tasks FROM "Task" task
      WHERE task.state = 'done' AND task."doneAt" >= ${since}::timestamptz AND task."assigneeId" IN (SELECT id FROM rep) GROUP BY 1),
    silent AS (SELECT "ownerId" AS id, count(*)::int AS customers FROM (${touched(days, Prisma.sql`customer."ownerId" IN (SELECT id FROM rep)`)}) customer
      WHERE customer."silentAt" < ${now}::timestamptz GROUP BY 1),
    opened AS (SELECT "memberId" AS id, count(*)::int AS days FROM "SidebarUse" WHERE day >= ${sinceDay}::date AND "memberId" IN (SELECT id FROM rep) GROUP BY 1),
    used AS (SELECT "memberId" AS id, count(*)::int AS suggestions FROM "SuggestionFeedback"
      WHERE verdict IN ('sent', 'edited', 'copied') AND at >= ${since}::timestamptz AND "memberId" IN (SELECT id FROM rep) GROUP BY 1)
    SELECT rep.id, rep.name, rep.avatar, coalesce(owned.customers, 0) AS customers, coalesce(sales.sales, 0) AS "openOpportunities",
      coalesce(sales.sum, 0) AS "openSumFen", coalesce(late.tasks, 0) AS "overdueTasks", coalesce(late.promises, 0) AS "overduePromises",
      coalesce(silent.customers, 0) AS "silentCustomers", coalesce(opened.days, 0) AS "sidebarDays",
      coalesce(used.suggestions, 0) AS "suggestionsUsed", coalesce(done.tasks, 0) AS "tasksDone"
    FROM rep LEFT JOIN owned USING (id) LEFT JOIN sales USING (id) LEFT JOIN late USING (id) LEFT JOIN done USING (id)
      LEFT JOIN silent USING (id) LEFT JOIN opened USING (id) LEFT JOIN used USING (id)
    WHERE rep.role = 'rep' OR owned.customers > 0 OR sales.sales > 0 OR late.tasks > 0
    ORDER BY rep.name, rep.id`;
}

/** Notices by their keys: when each was written. */
export async function listNoticeTimes(db: Db, keys: readonly string[]): Promise<Map<string, Date>> {
  const rows = await db.notice.findMany({
    where: { key: { in: [...keys] } },
    select: { key: true, createdAt: true },
  });
  return new Map(rows.map(({ key, createdAt }) => [key, createdAt]));
}

/** Until the transaction ends, nobody else reminds of it. */
export async function lockReminders(tx: Db, subject: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`remind:${subject}`}, 0))`;
}

/** A contact of the customer whom the member follows: beside whose chat to work. */
export async function findContactFor(db: Db, customerId: string, memberId: string): Promise<string | null> {
  const binding = await db.binding.findFirst({
    where: { customerId, contact: { follows: { some: { memberId, state: 'active' } } } },
    orderBy: [{ madeAt: 'asc' }, { contactId: 'asc' }],
    select: { contact: { select: { key: true } } },
  });
  return binding?.contact.key ?? null;
}
