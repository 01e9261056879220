import { DAY_MS, MINUTE_MS } from '#server/base/duration.ts';
import { dateOf, dayOf, dayOn, endOf, instantOf, lastDayOfMonth, weekdayOf, type Day } from '#server/base/shanghai.ts';
import type { ExclusionReason } from './broadcast-api.ts';
import type { BroadcastRules } from './broadcast-rules-api.ts';
import { APPROVAL_DAYS } from './broadcast.ts';

/** Days of the company, both included. */
export interface Span {
  fromDay: Day;
  untilDay: Day;
}

/** A contact is, or may be, reached on one of these days; on the one day once it was delivered. */
export interface Touch extends Span {
  state: 'reserved' | 'delivered';
}

export type Caps = Pick<BroadcastRules, 'perDay' | 'perWeek' | 'perMonth' | 'fatigue'>;
export type CapReason = Extract<ExclusionReason, 'overlapping' | 'cap_day' | 'cap_week' | 'cap_month' | 'fatigue'>;

/** Days in which at most `cap` broadcasts reach a contact. */
export interface Window extends Span {
  reason: CapReason;
  cap: number;
}

/** When a broadcast that is to leave on `fromDay` may reach somebody: its approval and its members take their time. */
export function spanOf(fromDay: Day, { confirmDays }: Pick<BroadcastRules, 'confirmDays'>): Span {
  return { fromDay, untilDay: fromDay + APPROVAL_DAYS + confirmDays };
}

/** When members can no longer confirm what started then: never later than the days that were reserved. */
export function confirmDeadline(
  startedAt: Date,
  { confirmDays }: Pick<BroadcastRules, 'confirmDays'>,
  { untilDay }: Pick<Span, 'untilDay'>,
): Date {
  return new Date(Math.min(startedAt.getTime() + confirmDays * DAY_MS, endOf(untilDay).getTime()));
}

/**
 * Null when one more broadcast may reach a contact within `span`: no window goes above its cap, whatever day of its own
 * each of the touches lands on. Otherwise the first reason that holds.
 */
export function mayTouch(touches: readonly Touch[], span: Span, caps: Caps): CapReason | null {
  if (touches.some((touch) => touch.state === 'reserved' && overlaps(touch, span))) return 'overlapping';
  const full = [...windowsOver(span, caps), ...rollingOver(span, caps)].filter(
    (window) => touches.filter((touch) => overlaps(touch, window)).length + 1 > window.cap,
  );
  return (
    (['cap_day', 'cap_week', 'cap_month', 'fatigue'] as const).find((reason) =>
      full.some((one) => one.reason === reason),
    ) ?? null
  );
}

const overlaps = (one: Span, other: Span) => one.fromDay <= other.untilDay && other.fromDay <= one.untilDay;

/** The weeks and the months of the calendar that `span` has a day in. */
export function windowsOver(span: Span, { perWeek, perMonth }: Caps): Window[] {
  const windows: Window[] = [];
  if (perWeek !== null) {
    for (let monday = span.fromDay - weekdayOf(span.fromDay) + 1; monday <= span.untilDay; monday += 7)
      windows.push({ reason: 'cap_week', fromDay: monday, untilDay: monday + 6, cap: perWeek });
  }
  if (perMonth !== null) {
    for (let day = span.fromDay; day <= span.untilDay; day = (windows.at(-1)?.untilDay ?? day) + 1) {
      const { year, month } = dateOf(day);
      const fromDay = dayOn({ year, month, date: 1 }) ?? day;
      const untilDay = lastDayOfMonth(year, month);
      windows.push({
        reason: 'cap_month',
        fromDay,
        untilDay,
        cap: perMonth === 'days' ? untilDay - fromDay + 1 : perMonth,
      });
    }
  }
  return windows;
}

/** Windows of so many days that begin on any day. */
export interface Rolling {
  reason: CapReason;
  days: number;
  cap: number;
}

export function rollingOf({ perDay, fatigue }: Caps): Rolling[] {
  return [
    ...(perDay === null ? [] : [{ reason: 'cap_day' as const, days: 1, cap: perDay }]),
    ...(fatigue === null ? [] : [{ reason: 'fatigue' as const, days: fatigue.days, cap: fatigue.max }]),
  ];
}

function rollingOver(span: Span, caps: Caps): Window[] {
  return rollingOf(caps).flatMap(({ reason, days, cap }) => {
    const windows: Window[] = [];
    for (let fromDay = span.fromDay - days + 1; fromDay <= span.untilDay; fromDay++)
      windows.push({ reason, fromDay, untilDay: fromDay + days - 1, cap });
    return windows;
  });
}

/** All days a touch can lie on and still matter to `span`. */
export function horizonOf(span: Span, caps: Caps): Span {
  const days = Math.max(1, ...rollingOf(caps).map((rolling) => rolling.days));
  const windows = [span, ...windowsOver(span, caps)];
  return {
    fromDay: Math.min(span.fromDay - days + 1, ...windows.map(({ fromDay }) => fromDay)),
    untilDay: Math.max(span.untilDay + days - 1, ...windows.map(({ untilDay }) => untilDay)),
  };
}

/** The end of the quiet hours `at` lies in; null when something may leave then. */
export function quietUntil(quiet: BroadcastRules['quiet'], at: Date): Date | null {
  if (!quiet || quiet.from === quiet.to) return null;
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const day = dayOf(at);
  const now = (at.getTime() - instantOf(day, 0).getTime()) / MINUTE_MS;
  if (from < to) return now >= from && now < to ? instantOf(day, to) : null;
  if (now >= from) return instantOf(day + 1, to);
  return now < to ? instantOf(day, to) : null;
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}
