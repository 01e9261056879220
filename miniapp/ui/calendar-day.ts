import { language } from '#miniapp/i18n/i18n.ts';

/** A day of the calendar, whatever the zone: 2026-03-31 → 3月31日. */
export function calendarDay(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  const isThisYear = at.getUTCFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(language.locale, {
    month: 'short',
    day: 'numeric',
    timeZone: 'UTC',
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(at);
}

/** Over, by the reader's calendar. */
export function isPast(day: string): boolean {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, '0');
  return day < `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
