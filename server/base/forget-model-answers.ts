import type { Deps } from './deps.ts';
import { DAY_MS } from './duration.ts';

export const forgetAnswersEveryMs = DAY_MS;
const KEPT_MS = 3 * DAY_MS;

/** A question names its day, so an old answer serves no one; what it cost and how it ended stays. */
export async function forgetModelAnswers({ db, now }: Deps): Promise<void> {
  await db.modelRun.updateMany({
    where: { at: { lt: new Date(now().getTime() - KEPT_MS) }, answer: { not: null } },
    data: { answer: null },
  });
}
