import { DAY_MS } from '#server/base/duration.ts';
import type { SignalKind } from '#server/summary/summary-answer.ts';
import type { StoredSignal } from '#server/summary/summary.ts';
import type { Factor } from './factor.ts';
import { SIGNAL_DAYS, signalWords } from './features.ts';
import { saidOften } from './said.ts';

/** What a signal counts. `more`: for each further message that says the same, twice at most. */
export interface SignalPoints {
  points: number;
  more: number;
}

export interface Quote {
  messageId: string;
  quote: string;
  at: string;
  manner?: 'claimed' | 'dictated' | undefined;
}

/** What was said lately of each kind, in the order the kinds are met. */
export function recentQuotes(signals: readonly StoredSignal[], now: Date): [SignalKind, Quote[]][] {
  const since = now.getTime() - SIGNAL_DAYS * DAY_MS;
  const recent = signals.flatMap(({ signal, quotes }) =>
    quotes.filter(({ at }) => Date.parse(at) > since).map((quote) => ({ signal, quote })),
  );
  return [...Map.groupBy(recent, ({ signal }) => signal)].map(([signal, all]) => [
    signal,
    all.map(({ quote }) => quote),
  ]);
}

/** One factor a kind, however often the model repeats it: it points at the newest message that says so. */
export const signalFactor = (signal: SignalKind, quotes: readonly Quote[], worth: SignalPoints): Factor => ({
  key: `signal.${signal}`,
  points: pointsOf(quotes, worth),
  ...saidOften(`signal.${signal}`, signalWords[signal], countOf(quotes)),
  pointer: pointerOf(quotes),
});

export const pointsOf = (quotes: readonly Quote[], { points, more }: SignalPoints): number =>
  quotes.length === 0 ? 0 : points + more * Math.min(countOf(quotes) - 1, 2);

const countOf = (quotes: readonly Quote[]) => new Set(quotes.map(({ messageId }) => messageId)).size;

export function pointerOf(quotes: readonly Quote[]): Factor['pointer'] {
  const { messageId, quote } = quotes.reduce((latest, one) => (one.at > latest.at ? one : latest));
  return { messageId, quote };
}
