import { RequestInvalid } from '#server/base/refusal.ts';
import { dateOf, dayOf, dayOn, instantOf, type Day } from '#server/base/shanghai.ts';

/** Days of the company, both included. */
export interface Span {
  from: Day;
  until: Day;
}

const SHOWN_DAYS = 30;
const SPAN_DAYS_MAX = 400;

/** The last thirty days unless something else is asked for. */
export function spanOf(asked: { from?: string | undefined; until?: string | undefined }, now: Date): Span {
  const until = asked.until ? dayOfIso(asked.until) : dayOf(now);
  const from = asked.from ? dayOfIso(asked.from) : until - SHOWN_DAYS + 1;
  if (from > until) throw new RequestInvalid([{ path: 'query.from', message: 'must not be after until' }]);
  if (until - from >= SPAN_DAYS_MAX)
    throw new RequestInvalid([{ path: 'query.from', message: `must be at most ${SPAN_DAYS_MAX} days before until` }]);
  return { from, until };
}

export const boundsOf = ({ from, until }: Span) => ({ since: instantOf(from, 0), before: instantOf(until + 1, 0) });

function dayOfIso(text: string): Day {
  const [year = 0, month = 0, date = 0] = text.split('-').map(Number);
  const day = dayOn({ year, month, date });
  if (day === null) throw new Error(`${text} is a day by its contract and by no calendar.`);
  return day;
}

export function isoOf(day: Day): string {
  const { year, month, date } = dateOf(day);
  return [String(year), ...[month, date].map((part) => String(part).padStart(2, '0'))].join('-');
}

export const yuan = (micros: number | bigint) => Number(micros) / 1_000_000;

export type Line = 'below' | 'soft' | 'hard';

/** Which line what was spent has come to. */
export function lineAt(spentYuan: number, { softYuan, hardYuan }: { softYuan: number | null; hardYuan: number }): Line {
  if (spentYuan >= hardYuan) return 'hard';
  return softYuan !== null && spentYuan >= softYuan ? 'soft' : 'below';
}

/** `summarise-conversation@12`: newest first. */
export const byVersion = (one: string, other: string) => numberOf(other) - numberOf(one);
const numberOf = (version: string) => Number(version.split('@').at(-1)) || 0;
