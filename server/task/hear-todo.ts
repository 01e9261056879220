import type { Deps } from '#server/base/deps.ts';
import { findAccountKey } from '#server/member/member-store.ts';
import { nudgeTodos, oweTodos, readFace } from './owe-todos.ts';
import { publishTasks } from './publish-tasks.ts';
import { complete, reopen, type Task } from './task.ts';
import { findTask, lockTask, saveTask } from './task-store.ts';
import { faceHash, OWN_ECHO_MS, type Todo } from './todo.ts';
import { doubtTodo, listTodosByKey, saveGone, saveShown } from './todo-store.ts';

/** A member ticked a todo of ours on the platform, or took it away: what is true there is asked for and holds here. */
export async function hearTodo(deps: Deps, platform: string, { todo: key }: { todo: string }): Promise<void> {
  for (const todo of await listTodosByKey(deps.db, platform, key)) {
    const member = await findAccountKey(deps.db, platform, todo.memberId);
    if (!member) continue;
    const there = await deps.platforms.get(platform).readTodo({ todo: key, member });
    await settle(deps, todo, there);
  }
}

async function settle(deps: Deps, todo: Todo, there: { done: boolean } | null): Promise<void> {
  const { task, owed } = await deps.db.$transaction(async (tx) => {
    await lockTask(tx, todo.taskId);
    const task = await findTask(tx, deps.cipher, todo.taskId);
    if (!task || task.assigneeId !== todo.memberId) return { task: null, owed: [] };
    // Off the list is not done: the task stays, and comes back to the list when it changes.
    if (!there) {
      if (todo.state === 'shown') await saveGone(tx, todo);
      return { task: null, owed: [] };
    }
    if (task.state === 'done' && !there.done && isEcho(todo, deps.now())) {
      await doubtTodo(tx, todo, new Date(deps.now().getTime() + OWN_ECHO_MS));
      return { task: null, owed: [] };
    }
    const change = changeFor(task, there.done, deps.now());
    const saved = change && (await saveTask(tx, deps.cipher, task, change));
    if (!saved) {
      // A change of ours is on its way to something other than we thought: it must not be taken for told already.
      const face = await readFace(tx, task);
      const isAsThought = face && todo.shownFace === faceHash(deps.cipher, { ...face, done: there.done });
      if (todo.state !== 'shown' && !isAsThought) await doubtTodo(tx, todo, deps.now());
      return { task: null, owed: [] };
    }
    // Said before it is owed: what the platform shows already is not told to it. One that lags behind is told all.
    const isUpToDate = todo.shownFace === faceHash(deps.cipher, await readFace(tx, task));
    if (isUpToDate) await saveShown(tx, todo, faceHash(deps.cipher, await readFace(tx, saved)));
    return { task: saved, owed: await oweTodos(deps, tx, saved) };
  });
  if (task) publishTasks(deps, [task]);
  await nudgeTodos(deps, owed);
}

function changeFor(task: Task, isDone: boolean, now: Date) {
  if (isDone) return task.state === 'open' ? complete(task, now) : null;
  return task.state === 'done' ? reopen(task, now) : null;
}

/** A read that lags shows what was before our own change: that is told once more when it is certainly over. */
function isEcho({ state, claimedAt, shownFace, wantedFace }: Todo, now: Date): boolean {
  const isOnItsWay = state === 'sending' || (state === 'owed' && shownFace !== wantedFace);
  return isOnItsWay || now.getTime() - (claimedAt?.getTime() ?? 0) < OWN_ECHO_MS;
}
