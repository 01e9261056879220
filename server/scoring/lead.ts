import type { Subject } from './train-scoring.ts';
import { countDecided, listDecided, listSilent } from './outcome-store.ts';
import { outcomesOf } from './outcome.ts';
import { ruleValueOf } from './rule-value.ts';

/** Will this contact buy. */
export const lead: Subject = {
  target: 'lead',
  countOutcomes: (deps, most) => countDecided(deps.db, most),
  async listOutcomes(deps, now) {
    const decided = await listDecided(deps.db);
    return outcomesOf(decided, await listSilent(deps.db, now, decided.length));
  },
  ruleValueOf,
  rescore: (deps) => deps.jobs.add('rescore-contacts', {}, { key: 'all' }),
};
