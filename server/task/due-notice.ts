import { shanghaiTime } from '#server/base/shanghai.ts';

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

/** What moving the due time makes a notice of its own. */
export function dueNoticeKey(taskId: string, at: Date): string {
  return `task-due:${taskId}:${at.toISOString()}`;
}
