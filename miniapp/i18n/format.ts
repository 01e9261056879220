import { language, t } from './i18n.ts';

const DAY_MS = 86_400_000;

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language.locale, options).format(at);
}

const clock = (at: Date): string => format(at, { hour: '2-digit', minute: '2-digit', hour12: false });

/** Midnights between two moments, as the reader's calendar counts them. */
export function daysApart(from: Date, until: Date): number {
  const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
  return Math.round((midnight(until) - midnight(from)) / DAY_MS);
}

/** `今天 18:00`, `明天 09:00`, `11月28日 周六 09:00`. */
export function dayAndTime(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const away = daysApart(now, at);
  if (away === 0) return t('day.today', { time: clock(at) });
  if (away === 1) return t('day.tomorrow', { time: clock(at) });
  if (away === -1) return t('day.yesterday', { time: clock(at) });
  const isThisYear = at.getFullYear() === now.getFullYear();
  const day = format(at, {
    month: 'short',
    day: 'numeric',
    weekday: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  });
  return `${day} ${clock(at)}`;
}

export function dateOnly(iso: string): string {
  return format(new Date(iso), { year: 'numeric', month: 'short', day: 'numeric' });
}

/** How old what is shown is: `刚刚`, `5 分钟前`, then the day and time. */
export function age(iso: string, now = new Date()): string {
  const minutes = Math.floor((now.getTime() - new Date(iso).getTime()) / 60_000);
  if (minutes < 1) return t('age.now');
  if (minutes < 60) return t('age.minutes', { n: minutes });
  if (minutes < 24 * 60) return t('age.hours', { n: Math.floor(minutes / 60) });
  return dayAndTime(iso, now);
}

export const timeOnly = (iso: string): string => clock(new Date(iso));

/** `+12`, `−6`, `0`, with a real minus. */
export const signed = (points: number): string => (points > 0 ? `+${points}` : points < 0 ? `−${-points}` : '0');

export const number = (n: number): string => new Intl.NumberFormat(language.locale).format(n);
/** A share from 0 to 1. */
export const percent = (share: number): string =>
  new Intl.NumberFormat(language.locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);
export const yuan = (amount: number): string =>
  new Intl.NumberFormat(language.locale, { style: 'currency', currency: 'CNY', maximumFractionDigits: 2 }).format(
    amount,
  );
