import { DAY_MS } from '#server/base/duration.ts';
import type { RawRow } from '#server/learning/table.ts';
import { signalKinds } from '#server/summary/summary-answer.ts';
import { scoreOf, type ScoreFacts } from './score.ts';

/** What the table of points says of somebody who is known by features alone: what a model has to be better than. */
export function ruleValueOf(row: RawRow, at: Date): number {
  return scoreOf(factsOf(row, at), at).value;
}

function factsOf(row: RawRow, at: Date): ScoreFacts {
  const number = (key: string) => (typeof row[key] === 'number' ? row[key] : 0);
  const ago = (days: number) => new Date(at.getTime() - (days + 0.5) * DAY_MS);
  const silentDays = row['silentDays'];
  const theirs =
    typeof silentDays === 'number'
      ? Array.from({ length: Math.max(1, number('theirs7')) }, () => ({
          sender: 'contact' as const,
          at: ago(silentDays),
        }))
      : [];
  // A feature says for how many whole days they have waited: none is answered.
  const isAnswered = number('unansweredDays') === 0;
  return {
    contact: { corpName: number('company') > 0 ? '公司' : null },
    bindings: number('bound') > 0 ? [{ role: String(row['role'] ?? 'other'), grade: textOf(row['grade']) }] : [],
    messages: [...theirs, ...(isAnswered && theirs.length > 0 ? [{ sender: 'member' as const, at }] : [])],
    signals: signalKinds.flatMap((signal) => {
      const count = number(`signal.${signal}`);
      const quotes = Array.from({ length: count }, (_, n) => ({
        messageId: String(n),
        quote: '',
        at: ago(1).toISOString(),
      }));
      return count > 0 ? [{ signal, quotes }] : [];
    }),
  };
}

const textOf = (word: RawRow[string]): string | null => (typeof word === 'string' ? word : null);
