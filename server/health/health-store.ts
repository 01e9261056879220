import { z } from 'zod';
import type { ChurnAlert as AlertRow, Health as HealthRow, Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { openJson, sealJson, type FieldCipher } from '#server/base/field-cipher.ts';
import { contactsIn } from '#server/contact/contact-store.ts';
import type { Factor } from '#server/scoring/factor.ts';
import { factorView } from '#server/scoring/scoring-api.ts';
import type { Health, HealthFacts, HealthLevel, LastAlert } from './health.ts';

const storedFactors = z.array(factorView);

export interface KeptHealth extends Health {
  contactId: string;
  at: Date;
  method: string;
}

export type AlertState = LastAlert['state'];
export interface ChurnAlert extends Omit<AlertRow, 'factors' | 'state' | 'openOf'> {
  factors: Factor[];
  state: AlertState;
}

export async function findHealth(db: Db, cipher: FieldCipher, contactId: string): Promise<KeptHealth | null> {
  const row = await db.health.findUnique({ where: { contactId } });
  return row && toHealth(cipher, row);
}

const toHealth = (cipher: FieldCipher, row: HealthRow): KeptHealth => ({
  ...row,
  level: row.level as HealthLevel,
  factors: openJson(cipher, storedFactors, row.factors),
});

/** Of many at once: by contact. */
export async function listHealth(
  db: Db,
  cipher: FieldCipher,
  contactIds: readonly string[],
): Promise<Map<string, KeptHealth>> {
  const rows = await db.health.findMany({ where: { contactId: { in: [...contactIds] } } });
  return new Map(rows.map((row) => [row.contactId, toHealth(cipher, row)]));
}

export async function saveHealth(db: Db, cipher: FieldCipher, health: KeptHealth): Promise<void> {
  const { contactId, ...rest } = health;
  const data = { ...rest, factors: sealJson(cipher, health.factors) };
  await db.health.upsert({ where: { contactId }, create: { contactId, ...data }, update: data });
}

/** Two looks at one contact at once would tell of it twice. Ends with the transaction. */
export async function lockHealth(tx: Db, contactId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`health:${contactId}`}, 0))::text`;
}

export async function findLastAlert(db: Db, contactId: string): Promise<(LastAlert & { id: string }) | null> {
  const row = await db.churnAlert.findFirst({
    where: { contactId },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    select: { id: true, state: true, at: true, closedAt: true },
  });
  return row && { ...row, state: row.state as AlertState };
}

/** Of many at once: each contact's newest. */
export async function listLastAlerts(db: Db, contactIds: readonly string[]): Promise<Map<string, LastAlert>> {
  const rows = await db.churnAlert.findMany({
    where: { contactId: { in: [...contactIds] } },
    distinct: ['contactId'],
    orderBy: [{ contactId: 'asc' }, { at: 'desc' }, { id: 'desc' }],
    select: { contactId: true, state: true, at: true, closedAt: true },
  });
  return new Map(
    rows.map(({ contactId, state, at, closedAt }) => [contactId, { state: state as AlertState, at, closedAt }]),
  );
}

export async function insertAlert(
  tx: Db,
  cipher: FieldCipher,
  alert: Pick<ChurnAlert, 'contactId' | 'customerId' | 'ownerId' | 'at' | 'risk' | 'factors'>,
): Promise<ChurnAlert> {
  const data = { ...alert, factors: sealJson(cipher, alert.factors), openOf: alert.contactId };
  return toAlert(cipher, await tx.churnAlert.create({ data }));
}

/** Null when it is not open any more. */
export async function closeAlert(
  tx: Db,
  cipher: FieldCipher,
  id: string,
  close: { state: Exclude<AlertState, 'open'>; closedAt: Date; closedBy: string | null; reason: string | null },
): Promise<ChurnAlert | null> {
  const [row] = await tx.churnAlert.updateManyAndReturn({
    where: { id, state: 'open' },
    data: { ...close, openOf: null },
  });
  return row ? toAlert(cipher, row) : null;
}

const shown = { contact: { select: { id: true, name: true, platform: true, key: true } } } as const;
export type ShownAlert = ChurnAlert & { contact: { id: string; name: string; platform: string; key: string } };

export async function findAlert(db: Db, cipher: FieldCipher, scope: Scope, id: string): Promise<ShownAlert | null> {
  const row = await db.churnAlert.findFirst({ where: { id, contact: contactsIn(scope) }, include: shown });
  return row && { ...toAlert(cipher, row), contact: row.contact };
}

/** The likeliest to be lost first; closed ones the newest first. `after` is the last of the page before. */
export async function pageAlerts(
  db: Db,
  cipher: FieldCipher,
  scope: Scope,
  { isOpen, contactId, after, limit }: { isOpen: boolean; contactId?: string; after: string | null; limit: number },
): Promise<{ items: ShownAlert[]; total: number }> {
  const where: Prisma.ChurnAlertWhereInput = {
    state: isOpen ? 'open' : { not: 'open' },
    contact: contactsIn(scope),
    ...(contactId ? { contactId } : {}),
  };
  const [rows, total] = await Promise.all([
    db.churnAlert.findMany({
      // Left out by its id: skipped, the next would be missing when somebody has closed that one meanwhile.
      where: after ? { ...where, id: { not: after } } : where,
      include: shown,
      orderBy: isOpen ? [{ risk: 'desc' }, { id: 'desc' }] : [{ closedAt: 'desc' }, { id: 'desc' }],
      take: limit,
      ...(after ? { cursor: { id: after } } : {}),
    }),
    db.churnAlert.count({ where }),
  ]);
  return { items: rows.map((row) => ({ ...toAlert(cipher, row), contact: row.contact })), total };
}

function toAlert(cipher: FieldCipher, row: AlertRow): ChurnAlert {
  const { openOf: _, ...rest } = row;
  return { ...rest, state: row.state as AlertState, factors: openJson(cipher, storedFactors, row.factors) };
}

/** Contacts there is a relation with: who spoke with us or bought. In the order of their ids, from after `after`. */
export async function listWatched(db: Db, after: string | null, limit: number): Promise<string[]> {
  const rows = await db.contact.findMany({
    where: {
      ...(after ? { id: { gt: after } } : {}),
      OR: [{ conversations: { some: {} } }, { bindings: { some: { customer: { opportunities: { some: {} } } } } }],
    },
    orderBy: { id: 'asc' },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

type FactRow = {
  id: string;
  dealCount: number;
  dealLastAt: Date | null;
  dealFen: bigint;
  dealFenBefore: bigint;
  hasOpen: boolean;
  active: number;
  deletedAt: Date | null;
  theirs: number;
  theirsLastAt: Date | null;
  recent: number;
  before: number;
  usualGap: number | null;
  waitingSince: Date | null;
  slow: number;
};

/** Of many contacts at once, without what was said: that is read per contact, and only where it can matter. */
export async function readFacts(
  db: Db,
  contactIds: readonly string[],
  now: Date,
): Promise<Map<string, Omit<HealthFacts, 'signals'>>> {
  const days = (count: number) => new Date(now.getTime() - count * DAY_MS);
  const rows = await db.$queryRaw<FactRow[]>`
    WITH said AS (
      SELECT v."contactId" AS id, v.id AS chat, m.sender, m.at,
        (m.at AT TIME ZONE 'Asia/Shanghai')::date AS day
      FROM "Conversation" v JOIN "Message" m ON m."conversationId" = v.id
      WHERE v."contactId" = ANY(${contactIds}::uuid[]) AND m."recalledAt" IS NULL AND m.at <= ${now}
    ),
    theirs AS (
      SELECT id, count(*)::int AS count, max(at) AS last_at,
        (count(*) FILTER (WHERE at > ${days(30)}))::int AS recent,
        (count(*) FILTER (WHERE at <= ${days(30)} AND at > ${days(90)}))::int AS before
      FROM said WHERE sender = 'contact' GROUP BY id
    ),
    gaps AS (
      SELECT id, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap)::float8 AS usual FROM (
        SELECT id, day - lag(day) OVER (PARTITION BY id ORDER BY day) AS gap
        FROM (SELECT DISTINCT id, day FROM said WHERE sender = 'contact') days
      ) between_days WHERE gap IS NOT NULL GROUP BY id HAVING count(*) >= 3
    ),
    -- The first word of theirs after our last one in that chat, and our next word after it.
    asked AS (
      SELECT id, chat, at,
        lag(sender) OVER (PARTITION BY chat ORDER BY at, sender) AS before,
        sender,
        min(at) FILTER (WHERE sender = 'member') OVER
          (PARTITION BY chat ORDER BY at, sender ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS answered_at
      FROM said
    ),
    waits AS (
      SELECT id, max(at) FILTER (WHERE answered_at IS NULL) AS since,
        (count(*) FILTER (WHERE at > ${days(30)} AND coalesce(answered_at, ${now}) - at > interval '1 day'))::int AS slow
      FROM asked WHERE sender = 'contact' AND before IS DISTINCT FROM 'contact' GROUP BY id
    ),
    deals AS (
      SELECT b."contactId" AS id, (count(*) FILTER (WHERE o.stage = 'won'))::int AS count,
        max(o."stageAt") FILTER (WHERE o.stage = 'won') AS last_at,
        coalesce(sum(o."amountFen") FILTER (WHERE o.stage = 'won' AND o."stageAt" > ${days(180)}), 0)::bigint AS fen,
        coalesce(sum(o."amountFen") FILTER
          (WHERE o.stage = 'won' AND o."stageAt" <= ${days(180)} AND o."stageAt" > ${days(360)}), 0)::bigint AS fen_before,
        bool_or(o.stage NOT IN ('won', 'lost')) AS is_open
      FROM "Binding" b JOIN "Opportunity" o ON o."customerId" = b."customerId"
      WHERE b."contactId" = ANY(${contactIds}::uuid[]) GROUP BY b."contactId"
    ),
    follows AS (
      SELECT "contactId" AS id, (count(*) FILTER (WHERE state IN ('active', 'pending')))::int AS active,
        max("changedAt") FILTER (WHERE state = 'removed_by_contact') AS deleted_at
      FROM "Follow" WHERE "contactId" = ANY(${contactIds}::uuid[]) GROUP BY "contactId"
    )
    SELECT w.id, coalesce(d.count, 0) AS "dealCount", d.last_at AS "dealLastAt", coalesce(d.fen, 0)::bigint AS "dealFen",
      coalesce(d.fen_before, 0)::bigint AS "dealFenBefore", coalesce(d.is_open, false) AS "hasOpen",
      coalesce(f.active, 0) AS active, f.deleted_at AS "deletedAt", coalesce(t.count, 0) AS theirs,
      t.last_at AS "theirsLastAt", coalesce(t.recent, 0) AS recent, coalesce(t.before, 0) AS before, g.usual AS "usualGap",
      s.since AS "waitingSince", coalesce(s.slow, 0) AS slow
    FROM unnest(${contactIds}::uuid[]) AS w(id)
    LEFT JOIN theirs t ON t.id = w.id LEFT JOIN gaps g ON g.id = w.id LEFT JOIN waits s ON s.id = w.id
    LEFT JOIN deals d ON d.id = w.id LEFT JOIN follows f ON f.id = w.id`;
  return new Map(rows.map((row) => [row.id, toFacts(row)]));
}

function toFacts(row: FactRow): Omit<HealthFacts, 'signals'> {
  return {
    deals: {
      count: row.dealCount,
      lastAt: row.dealLastAt,
      fen: Number(row.dealFen),
      fenBefore: Number(row.dealFenBefore),
    },
    hasOpenOpportunity: row.hasOpen,
    follows: { active: row.active, deletedAt: row.deletedAt },
    theirs: {
      count: row.theirs,
      lastAt: row.theirsLastAt,
      recent: row.recent,
      before: row.before,
      usualGapDays: row.usualGap,
    },
    waiting: { since: row.waitingSince, slow: row.slow },
  };
}
