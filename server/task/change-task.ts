import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { mustBeAssignable } from './create-task.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { nudgeTodos, oweTodos } from './owe-todos.ts';
import { publishTasks } from './publish-tasks.ts';
import type { Task, TaskChange } from './task.ts';
import type { TaskView } from './task-api.ts';
import { getTask, saveTask } from './task-store.ts';
import { tellOfTask } from './tell-of-task.ts';
import { viewTask } from './view-task.ts';

/** One transition of a task the caller may see, made on the version they saw. */
export async function changeTask(
  deps: Deps,
  caller: Caller,
  seen: { id: string; version: number },
  transition: (task: Task, now: Date) => TaskChange,
): Promise<TaskView> {
  const task = await getTask(deps.db, deps.cipher, caller.scope, seen.id);
  if (task.version !== seen.version) throw await stale(deps, task);
  const change = transition(task, deps.now());
  if (change.assigneeId !== undefined && change.assigneeId !== task.assigneeId)
    await mustBeAssignable(deps, caller.scope, change.assigneeId);
  const made = await deps.db.$transaction(async (tx) => {
    const saved = await saveTask(tx, deps.cipher, task, change);
    if (!saved) return null;
    const owed = await oweTodos(deps, tx, saved);
    return { saved, owed, keys: await tellOfTask(deps, tx, caller, { before: task, after: saved }) };
  });
  if (!made) throw await stale(deps, await getTask(deps.db, deps.cipher, caller.scope, seen.id));
  publishTasks(deps, [task, made.saved]);
  await nudgeTodos(deps, made.owed);
  await nudgeNotices(deps, made.keys);
  return viewTask(deps, made.saved);
}

async function stale(deps: Deps, current: Task): Promise<Refusal> {
  return new Refusal('task.stale', 'Someone changed this task meanwhile. Look at it and decide again.', 409, {
    current: await viewTask(deps, current),
  });
}
