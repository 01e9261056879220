import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { nudgeTodos, oweTodos } from './owe-todos.ts';
import { findTask, lockTask } from './task-store.ts';
import { TODO_SENDING_MAX_MS } from './todo.ts';
import { listDueTodos, listStrayTasks, takeOverTodos } from './todo-store.ts';

const BATCH = 200;
export const sweepTodosEveryMs = MINUTE_MS;

/** Finds what a lost job or a change from elsewhere has left: todos that are owed, not made, or with the wrong member. */
export async function sweepTodos(deps: Deps): Promise<void> {
  const now = deps.now();
  await takeOverTodos(deps.db, new Date(now.getTime() - TODO_SENDING_MAX_MS), now);
  const platforms = deps.platforms.all.filter(({ capabilities }) => capabilities.todos).map(({ name }) => name);
  for (const taskId of await listStrayTasks(deps.db, platforms, BATCH)) {
    await deps.db.$transaction(async (tx) => {
      await lockTask(tx, taskId);
      const task = await findTask(tx, deps.cipher, taskId);
      if (task) await oweTodos(deps, tx, task);
    });
  }
  await nudgeTodos(deps, await listDueTodos(deps.db, platforms, now, BATCH));
}
