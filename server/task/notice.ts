import { dateOf, dayOf, instantOf, type Day } from '#server/base/shanghai.ts';

/** The text of a reminder in the member's language. */
export function dueNotice(
  locale: string,
  about: { title: string; contactName: string | null; customerName: string | null; dueAt: Date | null },
): string {
  const who = [about.contactName, about.customerName].filter(Boolean).join(' · ');
  const when = about.dueAt && shanghaiTime(about.dueAt);
  const lines = locale.startsWith('en')
    ? [`Follow-up due: ${about.title}`, who && `Customer: ${who}`, when && `Due: ${when}`]
    : [`跟进提醒：${about.title}`, who && `客户：${who}`, when && `到期：${when}`];
  return lines.filter(Boolean).join('\n');
}

function shanghaiTime(at: Date): string {
  const day: Day = dayOf(at);
  const { year, month, date } = dateOf(day);
  const minutes = Math.floor((at.getTime() - instantOf(day, 0).getTime()) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(date)} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** What moving the due time makes a notice of its own. */
export function dueNoticeKey(taskId: string, at: Date): string {
  return `task-due:${taskId}:${at.toISOString()}`;
}

const MINUTE_MS = 60_000;
/** A reminder a day late is none. */
const WORTHLESS_AFTER_MS = 24 * 60 * MINUTE_MS;
/** No call takes this long: whoever was sending is gone, and whether it left is not known. */
export const SENDING_MAX_MS = 5 * MINUTE_MS;

export function isWorthless(notice: { createdAt: Date }, now: Date): boolean {
  return now.getTime() - notice.createdAt.getTime() > WORTHLESS_AFTER_MS;
}

/** Half a minute, doubling up to an hour. */
export function nextAttemptAfter(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(0.5 * 2 ** Math.max(attempts - 1, 0), 60) * MINUTE_MS);
}
