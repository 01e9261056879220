import { DAY_MS } from '#server/base/duration.ts';

/**
 * What a score is measured by. A sale that was won or lost is an outcome of the contact it is about (of every contact of
 * its customer, when it names none), and what the contact was known by is taken as it was `LEAD_DAYS` before: later
 * everybody in the room knows how it will end, and a score that tells them is worth nothing. Whoever was not known then
 * is left out.
 *
 * Most contacts never come to a decision. Those who had `SILENT_DAYS` for it and no sale at all count as not bought, at a
 * moment taken from the decided ones, so that no season and no weekday tells the two apart. Of them at most as many are
 * taken as there are decided ones: a score says how sales like this end, not how few of all the contacts buy.
 *
 * Only decided sales count as outcomes: a company with a thousand silent contacts has learned nothing yet.
 */
export interface Outcome {
  contactId: string;
  /** The moment at which the contact is looked at. */
  at: Date;
  /** When the outcome was known: a model that learned from it must not be judged by it. */
  knownAt: Date;
  happened: boolean;
}

export const LEAD_DAYS = 14;
export const SILENT_DAYS = 90;
/** The newest ones are learned from: what sold three years ago says little. */
export const OUTCOMES_MAX = 30_000;

export interface DecidedSale {
  contactId: string;
  decidedAt: Date;
  won: boolean;
}
export interface SilentContact {
  contactId: string;
  knownSince: Date;
}

/** The moments of decided sales, and of contacts who had time enough and bought nothing. */
export function outcomesOf(decided: readonly DecidedSale[], silent: readonly SilentContact[]): Outcome[] {
  const sales = decided.map(({ contactId, decidedAt, won }): Outcome => {
    return { contactId, at: lookAt(decidedAt), knownAt: decidedAt, happened: won };
  });
  const moments = Float64Array.from(sales, ({ at }) => at.getTime()).sort();
  const quiet = silent.flatMap(({ contactId, knownSince }, n): Outcome[] => {
    const from = firstFrom(moments, knownSince.getTime());
    // Up to the newest: were the newest all decided ones, the season would tell the two apart.
    const at = moments[from + ((n * 7919) % Math.max(1, moments.length - from))];
    if (at === undefined) return [];
    return [{ contactId, at: new Date(at), knownAt: new Date(at + LEAD_DAYS * DAY_MS), happened: false }];
  });
  return [...sales, ...quiet].sort((a, b) => a.at.getTime() - b.at.getTime() || (a.contactId < b.contactId ? -1 : 1));
}

/** The place of the first that is not before `time`, among thousands that are sorted. */
function firstFrom(moments: Float64Array, time: number): number {
  let [from, to] = [0, moments.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((moments[middle] ?? 0) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Whole days, so that contacts of one day are looked at in one go. */
function lookAt(decidedAt: Date): Date {
  const before = decidedAt.getTime() - LEAD_DAYS * DAY_MS;
  return new Date(Math.floor(before / DAY_MS) * DAY_MS);
}
