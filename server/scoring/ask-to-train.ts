import type { Deps } from '#server/base/deps.ts';
import { OUTCOMES_NEEDED, type ScoringTarget } from './model-api.ts';
import { countDecided } from './outcome-store.ts';
import { readWork, saveWork } from './work-store.ts';

/** Learns at once instead of tonight. */
export async function askToTrain(
  deps: Deps,
  { target }: { target: ScoringTarget },
): Promise<{
  state: 'running' | 'too_few';
}> {
  const work = await readWork(deps.db, target);
  const outcomes = target === 'lead' ? await countDecided(deps.db, OUTCOMES_NEEDED) : work.outcomes;
  if (outcomes < OUTCOMES_NEEDED) return { state: 'too_few' };
  await saveWork(deps.db, target, {
    trainState: 'running',
    trainStartedAt: deps.now(),
    trainDone: 0,
    trainError: null,
  });
  await deps.jobs.add('train-scoring', { target, asked: true }, { key: `${target} now` });
  deps.live.publish('desk', { part: 'scoring' });
  return { state: 'running' };
}
