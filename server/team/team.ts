import { HOUR_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import { dayOf, instantOf, weekdayOf, type Day } from '#server/base/shanghai.ts';
import { REMIND_HOURS, USE_DAYS } from './team-api.ts';

/** Midnight of this week's Monday in Shanghai. */
export function weekStart(now: Date): Date {
  const day = dayOf(now);
  return instantOf(day - weekdayOf(day) + 1, 0);
}

/** The first of the last seven days, today included. */
export function useSince(now: Date): Day {
  return dayOf(now) - USE_DAYS + 1;
}

export interface Reminded {
  about: 'task' | 'customer';
  id: string;
}

/** One key for each stretch of time as long as what must lie between two reminders: two managers at once write one. */
export function remindKey({ about, id }: Reminded, at: Date, stretchesBack = 0): string {
  const stretch = Math.floor(at.getTime() / (REMIND_HOURS * HOUR_MS)) - stretchesBack;
  return `remind:${about}:${id}:${stretch}`;
}

/** Keys under which a reminder of the last `hours` may be. */
export function recentRemindKeys(of: Reminded, now: Date, hours: number): string[] {
  return Array.from({ length: Math.ceil(hours / REMIND_HOURS) + 1 }, (_, back) => remindKey(of, now, back));
}

export function mayRemindFrom(remindedAt: Date): Date {
  return new Date(remindedAt.getTime() + REMIND_HOURS * HOUR_MS);
}

export const remindedAlready = (from: Date) =>
  new Refusal('team.reminded', 'They were reminded of it already. Give them some time.', 429, {
    mayRemindFrom: from.toISOString(),
  });

export const notOverdue = () =>
  new Refusal('team.not_overdue', 'This follow-up is not overdue: there is nothing to remind of.', 422);

export const notSilent = () =>
  new Refusal('team.not_silent', 'This customer was contacted in time: there is nothing to remind of.', 422);

export const nobodyToRemind = () =>
  new Refusal('team.nobody', 'Nobody who works here has this customer. Choose an owner first.', 422);
