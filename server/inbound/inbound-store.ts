import type pg from 'pg';
import type { InboundEvent } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { subjectOf, type PlatformEvent } from '#server/platform/event.ts';
import type { Failure, InboundState } from './inbound-event.ts';

export interface NewEvent {
  platform: string;
  /** sha256 of the decrypted body, in hex. */
  bodyHash: string;
  event: PlatformEvent;
  state: 'waiting' | 'ignored';
  receivedAt: Date;
}

export interface Subject {
  platform: string;
  subject: string;
}

export interface WaitingEvent {
  id: string;
  attempts: number;
  nextAttemptAt: Date | null;
  event: unknown;
}

// Every callback waits for this statement, and it takes all that wait at once: through Prisma a row costs 2–6 times as much.
// One JSON parameter, because the driver writes arrays of each column more slowly than V8 writes JSON.
const insertStatement = `
  INSERT INTO "InboundEvent" (platform, "bodyHash", kind, subject, event, "occurredAt", "receivedAt", state)
  SELECT platform, decode(hash, 'hex'), kind, subject, event, occurred, received, state
  FROM jsonb_to_recordset($1::jsonb)
    AS row(platform text, hash text, kind text, subject text, event jsonb, occurred timestamptz, received timestamptz, state text)
  ON CONFLICT (platform, "bodyHash") DO NOTHING
  RETURNING platform, encode("bodyHash", 'hex') AS hash`;

/** Stores in one commit what is not stored yet, and answers the keys (`keyOf`) of what was new. */
export async function insertEvents(pool: pg.Pool, events: NewEvent[]): Promise<Set<string>> {
  const rows = events
    .map(({ platform, bodyHash, event, state, receivedAt }) => ({
      platform,
      hash: bodyHash,
      kind: event.kind,
      subject: subjectOf(event),
      event,
      occurred: event.occurredAt,
      received: receivedAt,
      state,
    }))
    // Two processes that store the same events in different order would wait for each other.
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const { rows: inserted } = await pool.query<{ platform: string; hash: string }>({
    name: 'insert-inbound-events',
    text: insertStatement,
    values: [storableJson(rows)],
  });
  return new Set(inserted.map(({ platform, hash }) => `${platform}:${hash}`));
}

export function keyOf({ platform, bodyHash }: NewEvent): string {
  return `${platform}:${bodyHash}`;
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair; an event that carries one is kept without it. */
function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return /\\u(?:0000|d[89a-f])/.test(json)
    ? json.replaceAll(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '$1\uFFFD')
    : json;
}

/** In the order they happened. A page: call again while it is full. */
export async function listWaiting(
  client: pg.ClientBase,
  { platform, subject }: Subject,
  limit: number,
): Promise<WaitingEvent[]> {
  const { rows } = await client.query<WaitingEvent>({
    name: 'list-waiting-events',
    text: `SELECT id, attempts, "nextAttemptAt", event FROM "InboundEvent"
           WHERE state = 'waiting' AND platform = $1 AND subject = $2 ORDER BY "occurredAt", id LIMIT $3`,
    values: [platform, subject, limit],
  });
  return rows;
}

export async function markHandled(
  client: pg.ClientBase,
  id: string,
  state: 'handled' | 'ignored',
  now: Date,
): Promise<void> {
  await client.query({
    name: 'mark-event-handled',
    text: `UPDATE "InboundEvent" SET state = $2, attempts = attempts + 1, "handledAt" = $3, "lastError" = NULL, "nextAttemptAt" = NULL
           WHERE id = $1 AND state = 'waiting'`,
    values: [id, state, now],
  });
}

export async function markFailed(client: pg.ClientBase, id: string, failure: Failure): Promise<void> {
  await client.query({
    name: 'mark-event-failed',
    text: `UPDATE "InboundEvent" SET state = $2, attempts = $3, "lastError" = $4, "nextAttemptAt" = $5
           WHERE id = $1 AND state = 'waiting'`,
    values: [id, failure.state, failure.attempts, failure.lastError, failure.nextAttemptAt],
  });
}

/** Subjects with an event that was left, or whose next attempt is due. */
export async function listLeft(pool: pg.Pool, leftBefore: Date, now: Date, limit: number): Promise<Subject[]> {
  const { rows } = await pool.query<Subject>(
    `SELECT DISTINCT platform, subject FROM "InboundEvent"
     WHERE state = 'waiting' AND CASE WHEN "nextAttemptAt" IS NULL THEN "receivedAt" <= $1 ELSE "nextAttemptAt" <= $2 END
     LIMIT $3`,
    [leftBefore, now, limit],
  );
  return rows;
}

export async function listWaitingOfKinds(
  pool: pg.Pool,
  kinds: readonly string[],
  receivedAfter: Date,
  limit: number,
): Promise<{ platform: string; event: unknown }[]> {
  const { rows } = await pool.query<{ platform: string; event: unknown }>(
    `SELECT platform, event FROM "InboundEvent"
     WHERE state = 'waiting' AND kind = ANY ($1) AND "receivedAt" > $2 ORDER BY id DESC LIMIT $3`,
    [kinds, receivedAfter, limit],
  );
  return rows;
}

export async function countByState(db: Db): Promise<Record<InboundState, number>> {
  const groups = await db.inboundEvent.groupBy({ by: ['state'], _count: true });
  const count = (state: InboundState) => groups.find((group) => group.state === state)?._count ?? 0;
  return { waiting: count('waiting'), handled: count('handled'), ignored: count('ignored'), dead: count('dead') };
}

export async function listEvents(
  db: Db,
  filter: { state?: InboundState | undefined; kind?: string | undefined; before?: bigint | undefined; limit: number },
): Promise<InboundEvent[]> {
  const { state, kind, before, limit } = filter;
  return db.inboundEvent.findMany({
    where: { ...(state && { state }), ...(kind && { kind }), ...(before && { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: limit,
  });
}

const asNew = { state: 'waiting', attempts: 0, nextAttemptAt: null, handledAt: null };

/** Null when there is no such event. */
export async function saveWaitingAgain(db: Db, id: bigint): Promise<InboundEvent | null> {
  const [row] = await db.inboundEvent.updateManyAndReturn({ where: { id }, data: asNew });
  return row ?? null;
}

export async function saveDeadWaitingAgain(db: Db): Promise<Subject[]> {
  return db.inboundEvent.updateManyAndReturn({
    where: { state: 'dead' },
    data: asNew,
    select: { platform: true, subject: true },
  });
}
