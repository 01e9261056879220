import type { Db } from './database.ts';
import type { Deps } from './deps.ts';
import { Refusal } from './refusal.ts';

/** Something that is asked for, and must not be done twice because its answer was lost on the way. */
export interface OnceAsked {
  memberId: string;
  /** Undefined from whoever does not mind: each time is then another one. */
  requestKey: string | undefined;
  /** What is done: `broadcast.create`. */
  deed: string;
  /** All that was sent with it. */
  content: unknown;
}

/** To be called first in the transaction that does the deed: what it makes and that it was asked for hold together. */
export type Take = <Made extends { id: string }>(tx: Db, make: () => Promise<Made>) => Promise<Made>;

/**
 * Does something once however often it is asked with the same key: asked again, the answer is what was made, as it is
 * now; made and removed since, the answer is that it is gone. The key belongs to whoever sent it first with what they
 * sent: anything else with it is refused. What was refused left no key behind, so it may be corrected and sent again.
 */
export async function once<Answer>(
  deps: Deps,
  asked: OnceAsked,
  how: { first(take: Take): Promise<Answer>; again(id: string): Promise<Answer> },
): Promise<Answer> {
  const { requestKey: key, memberId, deed, content } = asked;
  if (key === undefined) return how.first((_tx, make) => make());
  const contentHash = deps.cipher.hash(JSON.stringify([deed, content]));
  const findMade = async (db: Db): Promise<string | null> => {
    const taken = await db.takenRequest.findUnique({ where: { key } });
    if (taken && (taken.memberId !== memberId || taken.contentHash !== contentHash)) throw otherRequest();
    return taken && taken.madeId;
  };
  const before = await findMade(deps.db);
  if (before !== null) return how.again(before);
  try {
    return await how.first(async (tx, make) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`taken-request:${key}`}, 0))`;
      const twin = await findMade(tx);
      if (twin !== null) throw new TakenMeanwhile(twin);
      const made = await make();
      await tx.takenRequest.create({ data: { key, memberId, contentHash, madeId: made.id, at: deps.now() } });
      return made;
    });
  } catch (error) {
    if (error instanceof TakenMeanwhile) return how.again(error.madeId);
    throw error;
  }
}

/** Ends the transaction that came second; nobody outside hears of it. */
class TakenMeanwhile extends Error {
  readonly madeId: string;

  constructor(madeId: string) {
    super('Its twin was quicker.');
    this.madeId = madeId;
  }
}

const otherRequest = () =>
  new Refusal(
    'request.key',
    'Something else was sent with this key, and done. Look at what there is, and send this with a new key.',
    409,
  );
