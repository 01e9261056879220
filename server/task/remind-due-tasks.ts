import type { Deps } from '#server/base/deps.ts';
import { dueNotice, dueNoticeKey } from './due-notice.ts';
import { taskPath } from './tell-of-task.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import type { Task } from './task.ts';
import { clearReminders, listNames, lockDueReminders, type TaskNames } from './task-store.ts';

const BATCH = 200;
export const remindEveryMs = 20_000;

/** Turns due reminders into notices: a reminder is taken away in the transaction that writes its notice. */
export async function remindDueTasks(deps: Deps): Promise<void> {
  for (;;) {
    const keys = await deps.db.$transaction(async (tx) => {
      const tasks = await lockDueReminders(tx, deps.cipher, deps.now(), BATCH);
      const names = await listNames(tx, tasks);
      const notices = tasks.map((task) => noticeOf(task, names));
      await insertNotices(tx, deps.cipher, notices, deps.now());
      await clearReminders(
        tx,
        tasks.map(({ id }) => id),
      );
      return notices.map(({ key }) => key);
    });
    await nudgeNotices(deps, keys);
    if (keys.length < BATCH) return;
  }
}

function noticeOf(task: Task, { contacts, customers, members }: TaskNames): NewNotice {
  const contact = contacts.get(task.contactId ?? '');
  return {
    key: dueNoticeKey(task.id, task.remindAt ?? new Date(0)),
    memberId: task.assigneeId,
    text: dueNotice(members.get(task.assigneeId)?.locale ?? 'zh-CN', {
      title: task.title,
      contactName: contact?.name ?? null,
      customerName: customers.get(task.customerId ?? '') ?? null,
      dueAt: task.dueAt,
    }),
    path: taskPath(task.id, contact?.key ?? null),
  };
}
