import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { nudgeTodos, oweTodos } from './owe-todos.ts';
import { publishTasks } from './publish-tasks.ts';
import { reminderFor, type Task } from './task.ts';
import { findCustomerOf, insertPromisedTask } from './task-store.ts';
import { tellOfTask } from './tell-of-task.ts';
import type { TodoId } from './todo.ts';

export interface PlacedTask {
  task: Task;
  owed: TodoId[];
  keys: string[];
}

/**
 * A task that no person gives, in the transaction of whoever has reason to; null when there is one of this key already,
 * whatever became of it. `from` is who the assignee is told it comes from.
 */
export async function placeTask(
  deps: Deps,
  tx: Db,
  wish: {
    key: string;
    title: string;
    state: 'open' | 'proposed';
    contactId: string;
    assigneeId: string;
    dueAt: Date;
    from: string;
  },
): Promise<PlacedTask | null> {
  const { key, title, state, contactId, assigneeId, dueAt, from } = wish;
  const task = await insertPromisedTask(tx, deps.cipher, {
    title,
    state,
    contactId,
    customerId: await findCustomerOf(tx, contactId),
    assigneeId,
    createdBy: null,
    dueAt,
    remindAt: state === 'open' ? reminderFor(dueAt, deps.now()) : null,
    quote: null,
    messageId: null,
    createdAt: deps.now(),
    promiseKey: deps.cipher.hash(key),
  });
  if (!task) return null;
  const owed = await oweTodos(deps, tx, task);
  const keys = await tellOfTask(deps, tx, { memberId: '', name: from }, { before: null, after: task });
  return { task, owed, keys };
}

/** Once its transaction is committed. */
export async function announcePlaced(deps: Deps, { task, owed, keys }: PlacedTask): Promise<void> {
  publishTasks(deps, [task]);
  await nudgeTodos(deps, owed);
  await nudgeNotices(deps, keys);
}
