import type { Deps } from '#server/base/deps.ts';
import type { ScoringTarget } from './model-api.ts';

/** What the values of a target are worked out by. */
export async function askToRescore(deps: Deps, target: ScoringTarget): Promise<void> {
  await deps.jobs.add(target === 'lead' ? 'rescore-contacts' : 'watch-health', {}, { key: 'all' });
  deps.live.publish('desk', { part: 'scoring' });
}
