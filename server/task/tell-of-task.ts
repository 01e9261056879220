import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { shanghaiTime } from '#server/base/shanghai.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import type { Task } from './task.ts';
import { listNames } from './task-store.ts';

/**
 * Whoever is given a task by somebody else is told, and so is the one it was taken from. In the transaction that changes
 * it; answers the keys of what is to be sent.
 */
export async function tellOfTask(
  deps: Deps,
  tx: Db,
  caller: Pick<Caller, 'memberId' | 'name'>,
  { before, after }: { before: Task | null; after: Task },
): Promise<string[]> {
  if (before?.assigneeId === after.assigneeId || after.state !== 'open') return [];
  const names = await listNames(tx, before ? [after, before] : [after]);
  const contact = names.contacts.get(after.contactId ?? '');
  const who = [contact?.name, names.customers.get(after.customerId ?? '')].filter(Boolean).join(' · ');
  const told = (of: Task, verb: 'given' | 'taken'): NewNotice => ({
    key: `task-${verb}:${after.id}:${after.version}`,
    memberId: of.assigneeId,
    text: words(names.members.get(of.assigneeId)?.locale ?? 'zh-CN', verb, {
      title: after.title,
      who,
      by: caller.name,
      to: names.members.get(after.assigneeId)?.name ?? '',
      dueAt: after.dueAt,
    }),
    path: verb === 'given' ? taskPath(after.id, contact?.key ?? null) : null,
  });
  const notices = [told(after, 'given'), ...(before ? [told(before, 'taken')] : [])].filter(
    ({ memberId }) => memberId !== caller.memberId,
  );
  await insertNotices(tx, deps.cipher, notices, deps.now());
  return notices.map(({ key }) => key);
}

/** Where a task is worked on: beside the chat with its contact, or in the list of tasks. */
export function taskPath(taskId: string, contactKey: string | null): string {
  return contactKey ? `/sidebar.html?contact=${encodeURIComponent(contactKey)}` : `/inbox.html#/tasks/${taskId}`;
}

function words(
  locale: string,
  verb: 'given' | 'taken',
  { title, who, by, to, dueAt }: { title: string; who: string; by: string; to: string; dueAt: Date | null },
): string {
  const when = dueAt && shanghaiTime(dueAt);
  const lines = locale.startsWith('en')
    ? [
        verb === 'given' ? `${by} gave you a follow-up: ${title}` : `${by} gave your follow-up to ${to}: ${title}`,
        who && `Customer: ${who}`,
        verb === 'given' && when && `Due: ${when}`,
      ]
    : [
        verb === 'given' ? `${by}交给你一条跟进：${title}` : `${by}把你的跟进交给了${to}：${title}`,
        who && `客户：${who}`,
        verb === 'given' && when && `到期：${when}`,
      ];
  return lines.filter(Boolean).join('\n');
}
