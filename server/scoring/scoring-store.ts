import type { Prisma, Score } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { Factor, ScoreFacts } from './score.ts';

export interface NewScore {
  contactId: string;
  at: Date;
  value: number;
  factors: Factor[];
  method: string;
}

/** A rep's disagreement with a score: what to show instead. */
export interface Override {
  value: number;
  reason: string;
  by: string;
  at: Date;
}

export async function insertScore(db: Db, score: NewScore, override: Override | null): Promise<Score> {
  return db.score.create({
    data: {
      ...score,
      factors: score.factors as unknown as Prisma.InputJsonValue,
      override: override?.value,
      overrideReason: override?.reason,
      overrideBy: override?.by,
      overrideAt: override?.at,
    },
  });
}

export function overrideOf(row: Score): Override | null {
  const { override: value, overrideReason: reason, overrideBy: by, overrideAt: at } = row;
  return value !== null && reason !== null && by !== null && at !== null ? { value, reason, by, at } : null;
}

/** Two jobs for one contact at once would both find nothing changed yet. Ends with the transaction. */
export async function lockContact(tx: Db, contactId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`score:${contactId}`}, 0))::text`;
}

export async function listScores(db: Db, contactId: string, limit: number): Promise<Score[]> {
  return db.score.findMany({ where: { contactId }, orderBy: newestFirst, take: limit });
}

export async function findLatestScore(db: Db, contactId: string, notAfter?: Date): Promise<Score | null> {
  return db.score.findFirst({
    where: { contactId, ...(notAfter ? { at: { lte: notAfter } } : {}) },
    orderBy: newestFirst,
  });
}

const newestFirst = [{ at: 'desc' }, { id: 'desc' }] satisfies Prisma.ScoreOrderByWithRelationInput[];

/** The contact's company, as the messenger or a member tells it; null when there is no such contact. */
export async function findCompany(db: Db, contactId: string): Promise<ScoreFacts['contact'] | null> {
  const row = await db.contact.findUnique({
    where: { id: contactId },
    select: { corpName: true, follows: { where: { remarkCorpName: { not: null } }, select: { remarkCorpName: true } } },
  });
  return row && { corpName: row.corpName ?? row.follows[0]?.remarkCorpName ?? null };
}

/** Contacts spoken with since `since`, page by page in the order of their ids. */
export async function listActiveContacts(db: Db, since: Date, after: string | null, limit: number): Promise<string[]> {
  const rows = await db.conversation.findMany({
    where: { lastMessageAt: { gte: since }, ...(after ? { contactId: { gt: after } } : {}) },
    distinct: ['contactId'],
    orderBy: { contactId: 'asc' },
    take: limit,
    select: { contactId: true },
  });
  return rows.map(({ contactId }) => contactId);
}
