import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { listNewestSignals } from '#server/summary/signal-store.ts';
import { vectorFrom } from './feature-block.ts';
import { SIGNAL_DAYS } from './features.ts';
import { readModel } from './model-store.ts';
import { said } from './said.ts';
import type { Factor } from './factor.ts';
import { reasonsOf } from './scoring-model.ts';
import type { Score } from './scoring-store.ts';

/** Why a score is what it is. The points add up to it, also years later: what a model knew then is kept with the score. */
export async function explainScore(
  deps: Deps,
  { factors, learned, value, method, contactId, at }: Score,
): Promise<Factor[]> {
  if (factors) return factors;
  const model = learned && (await readModel(deps.db, learned.modelId, method));
  if (!learned || !model)
    return [{ key: 'start', points: value, ...said('start', '起点'), pointer: { field: 'contact' } }];
  const since = new Date(at.getTime() - SIGNAL_DAYS * DAY_MS);
  const signals = await listNewestSignals(deps.db, deps.cipher, contactId, { since, until: at });
  return reasonsOf(model, vectorFrom(learned.vector), signals).factors;
}
