import { DAY_MS } from '#server/base/duration.ts';
import type { CheckedAnswer } from './check-answer.ts';
import type { StoredSignal, StoredStatement } from './summary.ts';

/** A promise this long over is a task by now, or forgotten. */
const PROMISE_DAYS_MAX = 14;
const QUOTES_MAX = 3;
const SIGNALS_MAX = 40;

/** What a summary holds at most: what was said last stays. */
const countMax: Record<StoredStatement['kind'], number> = {
  need: 6,
  budget: 2,
  decision_maker: 3,
  objection: 4,
  promise: 6,
  next_step: 1,
};

/**
 * The statements of the next summary: what was known with the changes a checked answer makes, then what is new. Old
 * statements keep the quotes they were checked with. `told` are those the model was told of, by their short ids.
 */
export function nextStatements(given: {
  prior: readonly StoredStatement[];
  told: ReadonlyMap<string, StoredStatement>;
  checked: Pick<CheckedAnswer, 'statements' | 'updates' | 'gone'>;
  now: Date;
}): StoredStatement[] {
  const { checked, now } = given;
  const ids = new Map([...given.told].map(([id, statement]) => [statement, id]));
  const carried = given.prior.flatMap((statement) => {
    const id = ids.get(statement) ?? '';
    if (checked.gone.has(id)) return [];
    return [checked.updates.get(id) ?? statement];
  });
  const merged: StoredStatement[] = [];
  for (const statement of [...carried, ...checked.statements]) {
    const same = merged.findIndex((one) => isSame(one, statement));
    const known = merged[same];
    if (known) merged[same] = joined(known, statement);
    else merged.push(statement);
  }
  return bounded(merged.filter((statement) => !isOver(statement, now)));
}

/** What was written anew for each reading, or is no longer said, is left. */
export const withoutNextStep = (statements: readonly StoredStatement[]) =>
  statements.filter(({ kind }) => kind !== 'next_step');

/** Quotes of the messages given; a statement all of whose quotes are of others falls. */
export function quotedIn<T extends { quotes: { messageId: string }[] }>(
  statements: readonly T[],
  messageIds: ReadonlySet<string>,
): T[] {
  return statements.flatMap((statement) => {
    const quotes = statement.quotes.filter(({ messageId }) => messageIds.has(messageId));
    if (quotes.length === 0) return [];
    return [quotes.length === statement.quotes.length ? statement : { ...statement, quotes }];
  });
}

/** A message speaks for a signal once. */
export function nextSignals(prior: readonly StoredSignal[], fresh: readonly StoredSignal[]): StoredSignal[] {
  const seen = new Set<string>();
  return [...prior, ...fresh]
    .map(({ signal, quotes }) => ({
      signal,
      quotes: quotes.filter(({ messageId }) => {
        const key = `${signal} ${messageId}`;
        return !seen.has(key) && seen.add(key);
      }),
    }))
    .filter(({ quotes }) => quotes.length > 0)
    .slice(-SIGNALS_MAX);
}

function isSame(a: StoredStatement, b: StoredStatement): boolean {
  if (a.kind !== b.kind || a.who !== b.who || a.dueAt !== b.dueAt) return false;
  const [one, other] = [plain(a.text), plain(b.text)];
  return (
    one === other ||
    (a.quotes.some(({ messageId }) => b.quotes.some((quote) => quote.messageId === messageId)) &&
      (one.includes(other) || other.includes(one)))
  );
}

const plain = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]+/gu, '');

/** In the newer words, with the quotes of both. */
function joined(older: StoredStatement, newer: StoredStatement): StoredStatement {
  const others = older.quotes.filter(
    ({ messageId, quote }) => !newer.quotes.some((one) => one.messageId === messageId && one.quote.includes(quote)),
  );
  return { ...newer, quotes: [...newer.quotes, ...others].slice(0, QUOTES_MAX) };
}

const isOver = ({ kind, dueAt }: StoredStatement, now: Date) =>
  kind === 'promise' && Boolean(dueAt) && now.getTime() - new Date(dueAt ?? 0).getTime() > PROMISE_DAYS_MAX * DAY_MS;

/** Of each kind those said last, in the order they stand in. */
function bounded(statements: readonly StoredStatement[]): StoredStatement[] {
  const newest = ({ quotes }: StoredStatement) => Math.max(...quotes.map(({ at }) => new Date(at).getTime()));
  return statements.filter((statement, place) => {
    const rivals = statements.filter(
      (one, other) =>
        one.kind === statement.kind &&
        (newest(one) > newest(statement) || (newest(one) === newest(statement) && other > place)),
    );
    return rivals.length < countMax[statement.kind];
  });
}
