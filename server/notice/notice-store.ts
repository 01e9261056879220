import type { Notice } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';

export type NoticeState = 'waiting' | 'sending' | 'sent' | 'unknown' | 'failed';
export type NewNotice = Pick<Notice, 'key' | 'memberId' | 'text' | 'path'>;

/** One that is there already stays as it is. */
export async function insertNotices(db: Db, cipher: FieldCipher, notices: NewNotice[], now: Date): Promise<void> {
  await db.notice.createMany({
    data: notices.map((notice) => ({
      ...notice,
      text: cipher.encrypt(notice.text),
      createdAt: now,
      nextAttemptAt: now,
    })),
    skipDuplicates: true,
  });
}

/** Null when it is not waiting: whoever gets it is the only one to send it. */
export async function claimNotice(db: Db, cipher: FieldCipher, key: string, now: Date): Promise<Notice | null> {
  const [claimed] = await db.notice.updateManyAndReturn({
    where: { key, state: 'waiting' },
    data: { state: 'sending', claimedAt: now, attempts: { increment: 1 } },
  });
  return claimed ? { ...claimed, text: cipher.decrypt(claimed.text) } : null;
}

export async function settleNotice(
  db: Db,
  key: string,
  outcome: { state: NoticeState; lastError?: string | null; sentAt?: Date; nextAttemptAt?: Date },
): Promise<void> {
  await db.notice.update({ where: { key }, data: outcome });
}

/** Keys of those that have waited for their turn, oldest first. */
export async function listWaitingNotices(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.notice.findMany({
    where: { state: 'waiting', nextAttemptAt: { lte: now } },
    orderBy: { nextAttemptAt: 'asc' },
    take: limit,
    select: { key: true },
  });
  return rows.map(({ key }) => key);
}

/** Those whose sender vanished: they may have left. */
export async function giveUpOnSending(db: Db, claimedBefore: Date): Promise<number> {
  const { count } = await db.notice.updateMany({
    where: { state: 'sending', claimedAt: { lt: claimedBefore } },
    data: { state: 'unknown', lastError: 'The sender stopped before the answer came.' },
  });
  return count;
}

/** Their keys are not made again: a reminder is taken away when its notice is written. */
export async function deleteSettledNotices(db: Db, dueBefore: Date): Promise<void> {
  await db.notice.deleteMany({
    where: { state: { in: ['sent', 'failed', 'unknown'] satisfies NoticeState[] }, nextAttemptAt: { lt: dueBefore } },
  });
}
