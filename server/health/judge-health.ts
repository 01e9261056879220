import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { idAt, vectorOf } from '#server/scoring/feature-block.ts';
import { readFeatures } from '#server/scoring/feature-store.ts';
import { SIGNAL_DAYS } from '#server/scoring/features.ts';
import { standingSignals } from '#server/scoring/score-contact.ts';
import { reasonsOf } from '#server/scoring/scoring-model.ts';
import { currentModel } from '#server/scoring/scoring-setting.ts';
import { listHeard, listNewestSignals } from '#server/summary/signal-store.ts';
import { healthOf, levelOf, METHOD, type Health, type HealthFacts } from './health.ts';
import { readFacts } from './health-store.ts';

export interface Judged extends Health {
  method: string;
  facts: HealthFacts;
}

/** How the relation with each of the contacts stands: by the model, where there is one, else by the table of points. */
export async function judgeHealth(deps: Deps, contactIds: string[]): Promise<Map<string, Judged>> {
  const now = deps.now();
  const counted = await readFacts(deps.db, contactIds, now);
  const learned = await judgeByModel(
    deps,
    [...counted].filter(([, facts]) => isStill(facts, now)).map(([id]) => id),
  );
  const heard = await listHeard(deps.db, contactIds, signalsSince(now));
  const judged = new Map<string, Judged>();
  for (const [contactId, known] of counted) {
    // Nothing that was said makes a contact known who is not.
    const isUnknown = healthOf({ ...known, signals: [] }, now).level === 'unknown';
    const isSilent = isUnknown || !heard.has(contactId);
    const facts = { ...known, signals: isSilent ? [] : await standingSignals(deps, contactId) };
    judged.set(contactId, { ...(learned.get(contactId) ?? { ...healthOf(facts, now), method: METHOD }), facts });
  }
  return judged;
}

const signalsSince = (now: Date): Date => new Date(now.getTime() - SIGNAL_DAYS * DAY_MS);

/** A customer who is still here. Who is gone no model needs to tell. */
const isStill = (facts: Omit<HealthFacts, 'signals'>, now: Date): boolean =>
  facts.follows.active > 0 && healthOf({ ...facts, signals: [] }, now).level !== 'unknown';

/** What the model that learned from those who were lost says of these; of nobody where the table of points stands. */
async function judgeByModel(deps: Deps, contactIds: string[]): Promise<Map<string, Omit<Judged, 'facts'>>> {
  const model = contactIds.length > 0 ? await currentModel(deps.db, 'churn') : null;
  const judged = new Map<string, Omit<Judged, 'facts'>>();
  if (!model) return judged;
  const until = deps.now();
  const since = signalsSince(until);
  const heard = await listHeard(deps.db, contactIds, since);
  const block = await readFeatures(deps.pool, until, { ids: contactIds }, { lexicon: model.lexicon });
  for (let row = 0; row < block.rows; row++) {
    const contactId = idAt(block, row);
    const signals = heard.has(contactId)
      ? await listNewestSignals(deps.db, deps.cipher, contactId, { since, until })
      : [];
    const { value, factors } = reasonsOf(model, vectorOf(block, row), signals);
    judged.set(contactId, { level: levelOf(value, 'model'), risk: value, factors, method: model.method });
  }
  return judged;
}
