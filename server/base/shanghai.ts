import { DAY_MS, HOUR_MS, MINUTE_MS } from './duration.ts';

/**
 * The company's wall clock. China has kept UTC+8 without summer time since 1991, so it is arithmetic and the same
 * whatever zone the server runs in.
 */
const OFFSET_MS = 8 * HOUR_MS;

/** A calendar day: whole days since 1970-01-01. */
export type Day = number;

export interface CalendarDate {
  year: number;
  month: number;
  date: number;
}

/** The day it is in Shanghai at `instant`. */
export function dayOf(instant: Date): Day {
  return Math.floor((instant.getTime() + OFFSET_MS) / DAY_MS);
}

/** `minutes` after the midnight that begins `day`. */
export function instantOf(day: Day, minutes: number): Date {
  return new Date(day * DAY_MS + minutes * MINUTE_MS - OFFSET_MS);
}

/** The last millisecond of `day`. */
export function endOf(day: Day): Date {
  return new Date((day + 1) * DAY_MS - OFFSET_MS - 1);
}

/** 1 Monday … 7 Sunday. */
export function weekdayOf(day: Day): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

export function dateOf(day: Day): CalendarDate {
  const at = new Date(day * DAY_MS);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, date: at.getUTCDate() };
}

/** Null for a date the calendar does not have. */
export function dayOn({ year, month, date }: CalendarDate): Day | null {
  const day = Date.UTC(year, month - 1, date) / DAY_MS;
  const found = dateOf(day);
  return found.month === month && found.date === date ? day : null;
}

/** `month` may run over: 13 is January of the next year. */
export function lastDayOfMonth(year: number, month: number): Day {
  return Date.UTC(year, month, 0) / DAY_MS;
}

/** 2026-03-01 18:00 */
export function shanghaiTime(at: Date): string {
  const day = dayOf(at);
  const { year, month, date } = dateOf(day);
  const minutes = Math.floor((at.getTime() - instantOf(day, 0).getTime()) / MINUTE_MS);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(date)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
