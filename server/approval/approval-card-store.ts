import type { ApprovalCard } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';

/** A face no card shows: it is asked for anew. */
export const STALE = 'stale';

export type CardState = 'owed' | 'sending' | 'shown' | 'unreached' | 'failed';
export type CardRow = Omit<ApprovalCard, 'state'> & { state: CardState };

export async function listCards(db: Db, approvalId: string): Promise<CardRow[]> {
  return (await db.approvalCard.findMany({ where: { approvalId }, orderBy: { key: 'asc' } })) as CardRow[];
}

/** Null when it is no card of ours. */
export async function findCard(db: Db, platform: string, key: string): Promise<CardRow | null> {
  return (await db.approvalCard.findFirst({ where: { key, platform } })) as CardRow | null;
}

export async function insertCards(
  db: Db,
  cards: (Pick<ApprovalCard, 'key' | 'approvalId' | 'memberId' | 'platform' | 'memberKey' | 'level' | 'wantedFace'> & {
    createdAt: Date;
  })[],
): Promise<void> {
  await db.approvalCard.createMany({
    data: cards.map((card) => ({ ...card, nextAttemptAt: card.createdAt })),
    skipDuplicates: true,
  });
}

/** From now on it should show this face; one that shows it already owes nothing. */
export async function wantFace(db: Db, key: string, face: string, now: Date): Promise<boolean> {
  const { count } = await db.approvalCard.updateMany({
    where: { key, NOT: { wantedFace: face } },
    data: { wantedFace: face },
  });
  if (count === 0) return false;
  await db.approvalCard.updateMany({
    where: { key, state: { in: ['shown', 'owed'] satisfies CardState[] } },
    data: { state: 'owed' satisfies CardState, nextAttemptAt: now },
  });
  return true;
}

/** Null when it owes nothing, or somebody else is at it. One whose sender vanished is taken over: a call may be repeated. */
export async function claimCard(
  db: Db,
  cipher: FieldCipher,
  key: string,
  { now, vanishedBefore }: { now: Date; vanishedBefore: Date },
): Promise<CardRow | null> {
  const [claimed] = await db.approvalCard.updateManyAndReturn({
    where: { key, OR: [{ state: 'owed' }, { state: 'sending', claimedAt: { lt: vanishedBefore } }] },
    data: { state: 'sending' satisfies CardState, claimedAt: now, attempts: { increment: 1 } },
  });
  if (!claimed) return null;
  const updateCode = claimed.updateCode === null ? null : cipher.decrypt(claimed.updateCode);
  return { ...claimed, updateCode, state: 'sending' };
}

/** Owed again when another face was wanted since it was claimed. */
export async function settleCard(
  db: Db,
  cipher: FieldCipher,
  claimed: CardRow,
  outcome: {
    state: CardState;
    shownFace?: string;
    updateCode?: string | null;
    lastError?: string | null;
    nextAttemptAt?: Date;
  },
): Promise<CardState> {
  const { updateCode, ...said } = outcome;
  // Attempts are counted until one was answered: what they may have done is not known before.
  const columns = { ...said, ...(outcome.state === 'shown' ? { attempts: 0 } : {}) };
  const code = updateCode === undefined ? {} : { updateCode: updateCode && cipher.encrypt(updateCode) };
  const { key, wantedFace } = claimed;
  // What is shown is what the rows say now, which may be newer than what was wanted when somebody last looked.
  const agreed = columns.shownFace === undefined ? {} : { wantedFace: columns.shownFace };
  const { count } = await db.approvalCard.updateMany({
    where: { key, wantedFace },
    data: { ...columns, ...code, ...agreed },
  });
  if (count > 0) return outcome.state;
  const state: CardState = outcome.state === 'shown' ? 'owed' : outcome.state;
  await db.approvalCard.updateMany({ where: { key }, data: { ...columns, ...code, state } });
  return state;
}

/** A press brings a new code for the next change. */
export async function saveUpdateCode(db: Db, cipher: FieldCipher, key: string, code: string): Promise<void> {
  await db.approvalCard.update({ where: { key }, data: { updateCode: cipher.encrypt(code) } });
}

/** The card no longer shows what we think it does, or the presser must see it anew. */
export async function oweAgain(db: Db, key: string, now: Date): Promise<void> {
  await db.approvalCard.updateMany({
    where: { key, state: { in: ['shown', 'failed'] satisfies CardState[] } },
    data: { state: 'owed' satisfies CardState, shownFace: STALE, nextAttemptAt: now },
  });
}

/** Keys of cards that wait for their turn, and of those whose sender vanished. */
export async function listDueCards(
  db: Db,
  { now, vanishedBefore, limit }: { now: Date; vanishedBefore: Date; limit: number },
): Promise<string[]> {
  const rows = await db.approvalCard.findMany({
    where: {
      OR: [
        { state: 'owed', nextAttemptAt: { lte: now } },
        { state: 'sending', claimedAt: { lt: vanishedBefore } },
      ],
    },
    orderBy: { nextAttemptAt: 'asc' },
    take: limit,
    select: { key: true },
  });
  return rows.map(({ key }) => key);
}
