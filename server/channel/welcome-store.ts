import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { WelcomeState } from './welcome.ts';

export interface Welcome {
  codeHash: string;
  platform: string;
  contactKey: string;
  memberKey: string;
  /** Encrypted. */
  code: string;
  /** The state of the channel that brought the contact. */
  channel: string | null;
  expiresAt: Date;
  state: WelcomeState;
}

/** False when it was owed already. */
export async function insertWelcome(db: Db, welcome: Omit<Welcome, 'state'> & { createdAt: Date }): Promise<boolean> {
  const { count } = await db.welcome.createMany({ data: [welcome], skipDuplicates: true });
  return count > 0;
}

export async function findWelcome(db: Db, codeHash: string): Promise<Welcome | null> {
  const row = await db.welcome.findUnique({ where: { codeHash } });
  return row && toWelcome(row);
}

/** From one state to another in one step: of many who try, one succeeds. */
export async function moveWelcome(
  db: Db,
  codeHash: string,
  from: WelcomeState | WelcomeState[],
  to: WelcomeState,
  about: { lastError?: string | null; sentAt?: Date } = {},
): Promise<boolean> {
  const { count } = await db.welcome.updateMany({
    where: { codeHash, state: { in: [from].flat() } },
    data: { state: to, ...about },
  });
  return count > 0;
}

/** Jobs get lost: what waited is late, and what was being sent may have left. */
export async function settleExpiredWelcomes(db: Db, expiredBefore: Date): Promise<void> {
  const expired = { expiresAt: { lt: expiredBefore } };
  await db.welcome.updateMany({ where: { state: 'waiting', ...expired }, data: { state: 'late' } });
  await db.welcome.updateMany({
    where: { state: 'sending', ...expired },
    data: { state: 'unknown', lastError: 'cut off' },
  });
}

/** A code serves for seconds; what became of its welcome is of interest for a while. */
export async function deleteWelcomes(db: Db, expiredBefore: Date): Promise<void> {
  await db.welcome.deleteMany({ where: { expiresAt: { lt: expiredBefore } } });
}

function toWelcome(row: Prisma.WelcomeModel): Welcome {
  return { ...row, state: row.state as WelcomeState };
}
