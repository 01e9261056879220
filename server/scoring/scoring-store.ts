import { z } from 'zod';
import type { Prisma, Score as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { openJson, sealJson, type FieldCipher } from '#server/base/field-cipher.ts';
import type { Factor } from './factor.ts';
import type { ScoreFacts } from './score.ts';
import { factorView } from './scoring-api.ts';

export interface NewScore {
  contactId: string;
  at: Date;
  value: number;
  /** Null where a model made it: explain-score.ts works them out. */
  factors: Factor[] | null;
  method: string;
  learned?: Learned | null;
}

/** Which model made a score, and what it knew. */
export interface Learned {
  modelId: string;
  vector: Uint8Array<ArrayBuffer>;
}

export interface Score extends NewScore {
  id: string;
  learned: Learned | null;
  override: Override | null;
}

/** A rep's disagreement with a score: what to show instead. */
export interface Override {
  value: number;
  reason: string;
  by: string;
  at: Date;
}

export async function insertScore(
  db: Db,
  cipher: FieldCipher,
  score: NewScore,
  override: Override | null,
): Promise<Score> {
  const { learned, factors, ...columns } = score;
  const row = await db.score.create({
    data: {
      ...columns,
      factors: factors && sealJson(cipher, factors),
      modelId: learned?.modelId ?? null,
      vector: learned?.vector ?? null,
      override: override?.value,
      overrideReason: override?.reason,
      overrideBy: override?.by,
      overrideAt: override?.at,
    },
  });
  return toScore(cipher, row);
}

const storedFactors = z.array(factorView);

function toScore(cipher: FieldCipher, row: Row): Score {
  const { id, contactId, at, value, method, modelId, vector } = row;
  const factors = row.factors === null ? null : openJson(cipher, storedFactors, row.factors);
  const learned = modelId && vector ? { modelId, vector: new Uint8Array(vector) } : null;
  return { id, contactId, at, value, factors, method, learned, override: overrideOf(row) };
}

function overrideOf(row: Row): Override | null {
  const { override: value, overrideReason: reason, overrideBy: by, overrideAt: at } = row;
  return value !== null && reason !== null && by !== null && at !== null ? { value, reason, by, at } : null;
}

/**
 * Two jobs for one contact at once would both find nothing changed yet, and a block of scores of everybody would hide an
 * override it did not see. Ends with the transaction.
 */
export async function lockContact(tx: Db, contactId: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${EVERYBODY}, 0))::text`;
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`score:${contactId}`}, 0))::text`;
}

/** While scores of many are written, which takes a moment, nobody's is written alone. */
export const EVERYBODY = 'score:everybody';

export async function listScores(db: Db, cipher: FieldCipher, contactId: string, limit: number): Promise<Score[]> {
  const rows = await db.score.findMany({ where: { contactId }, orderBy: newestFirst, take: limit });
  return rows.map((row) => toScore(cipher, row));
}

export async function findLatestScore(db: Db, cipher: FieldCipher, contactId: string): Promise<Score | null> {
  const row = await db.score.findFirst({ where: { contactId }, orderBy: newestFirst });
  return row && toScore(cipher, row);
}

/** Null when there was no score yet at that time. */
export async function findValueAt(
  db: Db,
  contactId: string,
  time: Date,
): Promise<{ value: number; method: string } | null> {
  return db.score.findFirst({
    where: { contactId, at: { lte: time } },
    orderBy: newestFirst,
    select: { value: true, method: true },
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
