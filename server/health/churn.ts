import { DAY_MS } from '#server/base/duration.ts';
import type { RawRow } from '#server/learning/table.ts';
import { outcomesOf, OUTCOMES_MAX } from '#server/scoring/outcome.ts';
import type { Subject } from '#server/scoring/train-scoring.ts';
import { signalKinds } from '#server/summary/summary-answer.ts';
import { countLost, listKept, listLost } from './churn-store.ts';
import { healthOf, KNOWN_MESSAGES, type HealthFacts } from './health.ts';

/** For each that was lost so many that stayed are looked at, where there are so many: about as in life. */
const KEPT_PER_LOST = 9;

/**
 * Will this customer be lost. Lost is who deleted everybody here; each is looked at as they stood two weeks before. Who is
 * still here is looked at once, at a moment taken from those of the lost, so that no season tells the two apart. Below
 * OUTCOMES_NEEDED that were lost nothing is learned.
 */
export const churn: Subject = {
  target: 'churn',
  countOutcomes: (deps, most) => countLost(deps.db, most),
  async listOutcomes(deps) {
    const lost = await listLost(deps.db);
    const kept = await listKept(deps.db, Math.min(KEPT_PER_LOST * lost.length, OUTCOMES_MAX));
    const gone = lost.map(({ contactId, lostAt }) => ({ contactId, decidedAt: lostAt, won: true }));
    return outcomesOf(gone, kept);
  },
  ruleValueOf: (row, at) => healthOf(factsOf(row, at), at).risk ?? 0,
  rescore: (deps) => deps.jobs.add('watch-health', {}, { key: 'all' }),
};

/** What features tell of the relation. */
function factsOf(row: RawRow, at: Date): HealthFacts {
  const count = (key: string) => (typeof row[key] === 'number' ? row[key] : 0);
  const ago = (key: string) =>
    typeof row[key] === 'number' ? new Date(at.getTime() - (row[key] + 0.5) * DAY_MS) : null;
  const activeDays = count('activeDays30');
  return {
    deals: { count: count('frequency'), lastAt: ago('recency'), fen: 100 * count('monetary'), fenBefore: 0 },
    hasOpenOpportunity: typeof row['openStage'] === 'string',
    follows: { active: count('colleagues'), deletedAt: count('removed') > 0 ? at : null },
    theirs: {
      // Whoever is an outcome was a customer.
      count: KNOWN_MESSAGES,
      lastAt: ago('silentDays'),
      recent: count('theirs30'),
      before: 0,
      usualGapDays: activeDays > 0 ? 30 / activeDays : null,
    },
    waiting: { since: count('unansweredDays') > 0 ? ago('unansweredDays') : null, slow: 0 },
    signals: signalKinds.flatMap((signal) => {
      const quote = (n: number) => ({ messageId: String(n), quote: '', at: at.toISOString() });
      const quotes = Array.from({ length: count(`signal.${signal}`) }, (_, n) => quote(n));
      return quotes.length > 0 ? [{ signal, quotes }] : [];
    }),
  };
}
