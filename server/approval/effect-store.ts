import type { Db } from '#server/base/database.ts';

/** Approved ones whose effect is to be tried now. */
export async function listWaitingEffects(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.approval.findMany({
    where: { effectState: 'waiting', OR: [{ effectAt: null }, { effectAt: { lte: now } }] },
    orderBy: { decidedAt: 'asc' },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

export interface EffectAttempts {
  attempts: number;
  /** Not before; null at once. */
  nextAt: Date | null;
}

export async function readEffectAttempts(db: Db, id: string): Promise<EffectAttempts> {
  const { effectAttempts, effectAt } = await db.approval.findUniqueOrThrow({ where: { id } });
  return { attempts: effectAttempts, nextAt: effectAt };
}

/** While it waits, `effectAt` is when it is tried again; afterwards when it was done. */
export async function saveEffectAttempt(
  db: Db,
  id: string,
  outcome: { error: string | null; effectAt: Date },
): Promise<void> {
  await db.approval.update({
    where: { id },
    data: { effectAttempts: { increment: 1 }, effectError: outcome.error, effectAt: outcome.effectAt },
  });
}
