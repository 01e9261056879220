/** The company's clock is Beijing's, UTC+8 all year, wherever the reader sits. */
const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** For a native input: 2026-11-22T09:00. */
export const toInput = (iso: string): string => new Date(Date.parse(iso) + OFFSET_MS).toISOString().slice(0, 16);

/** Null for what is no time. */
export function fromInput(local: string): string | null {
  const at = Date.parse(`${local}:00.000Z`);
  return Number.isNaN(at) ? null : new Date(at - OFFSET_MS).toISOString();
}

/** `11-23 09:00`, as the company reads it. */
export function said(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
    timeZone: 'Asia/Shanghai',
  }).format(new Date(iso));
}

const minutesOf = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};

/** When the quiet hours `iso` falls into are over; null when it falls into none. */
export function quietUntil(quiet: { from: string; to: string } | null, iso: string): string | null {
  if (!quiet || quiet.from === quiet.to) return null;
  const local = Date.parse(iso) + OFFSET_MS;
  const midnight = Math.floor(local / DAY_MS) * DAY_MS;
  const minute = (local - midnight) / MINUTE_MS;
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const isOverMidnight = from > to;
  const isQuiet = isOverMidnight ? minute >= from || minute < to : minute >= from && minute < to;
  if (!isQuiet) return null;
  const day = isOverMidnight && minute >= from ? midnight + DAY_MS : midnight;
  return new Date(day + to * MINUTE_MS - OFFSET_MS).toISOString();
}
