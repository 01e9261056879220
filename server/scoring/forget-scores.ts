import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { withLock } from '#server/base/lock.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import { findBlockEnd } from './feature-store.ts';
import { deleteOldScores } from './old-score-store.ts';
import { NOBODY } from './score-many-store.ts';
import { readWork, saveWork } from './work-store.ts';

/** How often it is looked whether a night has come, and whether what gave way to rescoring can go on. */
export const forgetScoresEveryMs = 15 * MINUTE_MS;
/** Of the company's clock: an hour after learning, which may be followed by rescoring everybody. */
const NIGHT_HOUR = 3;
/** Contacts a step. */
const BLOCK = 4000;
const TARGET = 'lead';

/**
 * Once a night, deletes the scores nothing shows any more, from where the last run stopped. Each new model adds one for
 * every contact. Gives way to rescoring, and goes on when that is done.
 */
export async function forgetScores(deps: Deps, blockSize = BLOCK): Promise<void> {
  await withLock(deps.pool, 'forget-scores', async () => {
    const { forgetAfter, forgottenAt } = await readWork(deps.db, TARGET);
    if (forgetAfter === null && forgottenAt && forgottenAt >= nightBefore(deps.now())) return;
    let after = forgetAfter ?? NOBODY;
    for (;;) {
      if ((await readWork(deps.db, TARGET)).rescoreRunning) return;
      const upTo = await findBlockEnd(deps.pool, after, blockSize);
      if (upTo === null) break;
      await deleteOldScores(deps.pool, { after, upTo }, deps.now());
      await saveWork(deps.db, TARGET, { forgetAfter: upTo });
      after = upTo;
    }
    await saveWork(deps.db, TARGET, { forgetAfter: null, forgottenAt: deps.now() });
  });
}

function nightBefore(now: Date): Date {
  const tonight = instantOf(dayOf(now), NIGHT_HOUR * 60);
  return tonight <= now ? tonight : instantOf(dayOf(now) - 1, NIGHT_HOUR * 60);
}
