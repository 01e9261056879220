import { Prisma, type SeriesRun as Row, type SeriesStep as StepRow } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { contactsIn } from '#server/contact/contact-store.ts';
import { followedStates } from '#server/contact/follow.ts';
import { left, unknownRun, type Facts, type LeftBecause, type Run, type RunChange } from './series.ts';
import type { RunState } from './series-api.ts';
import { stepsOf } from './series-store.ts';

export async function insertRuns(
  tx: Db,
  runs: Pick<Run, 'seriesId' | 'contactId' | 'memberId' | 'steps' | 'endOnReply' | 'enteredAt' | 'nextAt'>[],
): Promise<number> {
  return (await tx.seriesRun.createMany({ data: runs, skipDuplicates: true })).count;
}

/** Those whose turn it is, whose series goes on and whose member is here, longest due first. */
export async function listDueRuns(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT run.id FROM "SeriesRun" run
    JOIN "Series" series ON series.id = run."seriesId" AND series.state = 'running'
    JOIN "Member" member ON member.id = run."memberId" AND member.status = 'active'
    WHERE run.state = 'running' AND run."nextAt" <= ${now}::timestamptz
    ORDER BY run."nextAt", run.id LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Null when it is not its turn any more, or somebody else is at it. */
export async function lockDueRun(tx: Db, id: string, now: Date): Promise<Run | null> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "SeriesRun" run JOIN "Series" series ON series.id = run."seriesId" AND series.state = 'running'
    WHERE run.id = ${id}::uuid AND run.state = 'running' AND run."nextAt" <= ${now}::timestamptz
    FOR NO KEY UPDATE OF run SKIP LOCKED`;
  if (rows.length === 0) return null;
  const row = await tx.seriesRun.findUnique({ where: { id } });
  return row && toRun(row);
}

export async function lockRun(tx: Db, id: string): Promise<Run> {
  await tx.$executeRaw`SELECT 1 FROM "SeriesRun" WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const row = await tx.seriesRun.findUnique({ where: { id } });
  if (!row) throw unknownRun();
  return toRun(row);
}

export async function saveRun(tx: Db, id: string, change: RunChange): Promise<void> {
  await tx.seriesRun.update({ where: { id }, data: change });
}

export async function insertStep(
  tx: Db,
  step: Pick<StepRow, 'runId' | 'step' | 'at' | 'result' | 'reason' | 'taskId'>,
): Promise<void> {
  await tx.seriesStep.create({ data: step });
}

/** What is known of the two at the moment. */
export async function readFacts(tx: Db, run: Run): Promise<Facts> {
  const { contactId, memberId } = run;
  const [row] = await tx.$queryRaw<(Omit<Facts, 'stepBeforeAt'> & { stepBeforeAt: Date | null })[]>`
    SELECT contact."optedOutAt" IS NOT NULL AS "isOptedOut",
      EXISTS (SELECT 1 FROM "Follow" follow WHERE follow."contactId" = contact.id AND follow."memberId" = ${memberId}::uuid
        AND follow.state = 'active') AS "isFollowed",
      (SELECT max(said.at) FROM "Conversation" talk CROSS JOIN LATERAL (
        SELECT message.at FROM "Message" message WHERE message."conversationId" = talk.id AND message.sender = 'contact'
          AND message.at > ${run.enteredAt}::timestamptz ORDER BY message.at DESC LIMIT 1) said
        WHERE talk."contactId" = contact.id) AS "lastSaidAt",
      (SELECT step.at FROM "SeriesStep" step WHERE step."runId" = ${run.id}::uuid AND step.step = ${run.step - 1}) AS "stepBeforeAt"
    FROM "Contact" contact WHERE contact.id = ${contactId}::uuid`;
  return row ?? { isOptedOut: false, isFollowed: false, lastSaidAt: null, stepBeforeAt: null };
}

/** Whose contact went over to a colleague goes on with the colleague. */
export async function passOnRuns(db: Db): Promise<void> {
  await db.$executeRaw`
    UPDATE "SeriesRun" run SET "memberId" = heir."memberId"
    FROM (
      SELECT run.id, (
        SELECT follow."memberId" FROM "Follow" follow
        JOIN "Member" member ON member.id = follow."memberId" AND member.status = 'active'
        WHERE follow."contactId" = run."contactId" AND follow.state = 'active'
        ORDER BY follow."addedAt" DESC NULLS LAST, follow.id LIMIT 1) AS "memberId"
      FROM "SeriesRun" run
      JOIN "Follow" own ON own."contactId" = run."contactId" AND own."memberId" = run."memberId" AND own.state = 'transferred'
      WHERE run.state IN ('running', 'paused')) heir
    WHERE run.id = heir.id AND run.state IN ('running', 'paused') AND heir."memberId" IS NOT NULL`;
}

/** All who should not be on the way any more leave, with the first reason that holds. Answers how many. */
export async function leaveRuns(db: Db, now: Date): Promise<number> {
  return db.$executeRaw`
    UPDATE "SeriesRun" run SET state = 'left', "leftBecause" = why.because, "nextAt" = NULL, "endedAt" = ${now}::timestamptz
    FROM (
      SELECT run.id, CASE
        WHEN contact."optedOutAt" IS NOT NULL THEN 'opted_out'
        WHEN NOT EXISTS (SELECT 1 FROM "Follow" follow WHERE follow."contactId" = run."contactId"
          AND follow."memberId" = run."memberId" AND follow.state = 'active') THEN 'removed'
        WHEN run."endOnReply" AND EXISTS (
          SELECT 1 FROM "Conversation" talk JOIN "Message" message ON message."conversationId" = talk.id
          WHERE talk."contactId" = run."contactId" AND talk."lastMessageAt" > run."enteredAt"
            AND message.sender = 'contact' AND message.at > run."enteredAt") THEN 'replied'
        END AS because
      FROM "SeriesRun" run JOIN "Contact" contact ON contact.id = run."contactId"
      WHERE run.state IN ('running', 'paused')) why
    WHERE run.id = why.id AND run.state IN ('running', 'paused') AND why.because IS NOT NULL`;
}

/** Everybody on the way leaves, whatever they wait for. */
export async function endRuns(tx: Db, seriesId: string, because: LeftBecause, now: Date): Promise<void> {
  await tx.seriesRun.updateMany({
    where: { seriesId, state: { in: ['running', 'paused'] } },
    data: left(because, now),
  });
}

export type ShownRun = Run & { seriesName: string; contactName: string; history: StepRow[] };

const shown = {
  series: { select: { name: true } },
  history: { orderBy: { step: 'asc' } },
} as const;

export async function pageRuns(
  db: Db,
  scope: Scope,
  { seriesId, state }: { seriesId: string; state: RunState | undefined },
  page: { after: string | null; limit: number },
): Promise<ShownRun[]> {
  const inScope = scope.all
    ? Prisma.sql`TRUE`
    : Prisma.sql`EXISTS (SELECT 1 FROM "Follow" follow WHERE follow."contactId" = run."contactId"
        AND follow.state = ANY(${[...followedStates]}::text[]) AND follow."memberId" = ANY(${[...scope.memberIds]}::uuid[]))`;
  const ids = await db.$queryRaw<{ id: string }[]>`
    SELECT run.id FROM "SeriesRun" run WHERE run."seriesId" = ${seriesId}::uuid AND ${inScope}
      AND ${state ? Prisma.sql`run.state = ${state}` : Prisma.sql`TRUE`}
      AND ${page.after ? Prisma.sql`run.id > ${page.after}::uuid` : Prisma.sql`TRUE`}
    ORDER BY run.id LIMIT ${page.limit}`;
  const rows = await db.seriesRun.findMany({
    where: { id: { in: ids.map(({ id }) => id) } },
    include: shown,
    orderBy: { id: 'asc' },
  });
  return withContacts(db, rows);
}

/** Of a contact the caller may see. Newest first. */
export async function listRunsOf(db: Db, contactId: string): Promise<ShownRun[]> {
  const rows = await db.seriesRun.findMany({
    where: { contactId },
    include: shown,
    orderBy: [{ enteredAt: 'desc' }, { id: 'desc' }],
  });
  return withContacts(db, rows);
}

/** Null too when the contact is outside the scope. */
export async function findRunInScope(db: Db, scope: Scope, id: string): Promise<ShownRun | null> {
  const row = await db.seriesRun.findUnique({ where: { id }, include: shown });
  if (!row) return null;
  const contact = await db.contact.findFirst({
    where: { id: row.contactId, AND: contactsIn(scope) },
    select: { id: true },
  });
  return contact && ((await withContacts(db, [row]))[0] ?? null);
}

type RunRow = Row & { series: { name: string }; history: StepRow[] };

async function withContacts(db: Db, rows: RunRow[]): Promise<ShownRun[]> {
  const contacts = await db.contact.findMany({
    where: { id: { in: rows.map(({ contactId }) => contactId) } },
    select: { id: true, name: true },
  });
  const names = new Map(contacts.map(({ id, name }) => [id, name]));
  return rows.map((row) => ({
    ...toRun(row),
    seriesName: row.series.name,
    contactName: names.get(row.contactId) ?? '',
    history: row.history,
  }));
}

function toRun(row: Row): Run {
  const { id, seriesId, contactId, memberId, endOnReply, step, enteredAt, nextAt } = row;
  return {
    id,
    seriesId,
    contactId,
    memberId,
    endOnReply,
    step,
    enteredAt,
    nextAt,
    state: row.state as RunState,
    steps: stepsOf(row.steps),
    leftBecause: row.leftBecause as LeftBecause | null,
  };
}
