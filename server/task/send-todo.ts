import type { Deps } from '#server/base/deps.ts';
import { findAccountKey } from '#server/member/member-store.ts';
import { nextAttemptAfter } from '#server/notice/notice.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { Platform } from '#server/platform/platform.ts';
import { nudgeTodos, readFace } from './owe-todos.ts';
import { findTask } from './task-store.ts';
import { faceHash, MAYBE, newSourceKey, NOTHING, stepTo, type Face, type Todo, type TodoId } from './todo.ts';
import { claimTodo, settleTodo } from './todo-store.ts';

type Outcome = Parameters<typeof settleTodo>[2];

/**
 * Makes the platform show what it should of a task: whatever happened to the task meanwhile, one call carries it. A call
 * whose answer never came is made again, for a todo asked for twice under one source key is one todo.
 */
export async function sendTodo(deps: Deps, id: TodoId): Promise<void> {
  const todo = await claimTodo(deps.db, id, deps.now());
  if (!todo) return;
  const settle = async (outcome: Outcome) => {
    if ((await settleTodo(deps.db, todo, outcome)) === 'owed' && outcome.state !== 'owed') await nudgeTodos(deps, [id]);
  };
  try {
    await settle(await show(deps, todo));
  } catch (error) {
    await settle(afterError(error, todo, deps.now()));
    const isForQueue = !(error instanceof PlatformError) || ['rate_limited', 'unavailable'].includes(error.kind);
    if (isForQueue) throw error;
  }
}

async function show(deps: Deps, todo: Todo): Promise<Outcome> {
  const platform = deps.platforms.get(todo.platform);
  const task = await findTask(deps.db, deps.cipher, todo.taskId);
  const face = task && task.assigneeId === todo.memberId ? await readFace(deps.db, task) : null;
  const shownFace = faceHash(deps.cipher, face);
  const member = await findAccountKey(deps.db, todo.platform, todo.memberId);
  const step = stepTo(todo, face, shownFace);
  // Who left the platform took the list along.
  if (!member && step !== 'nothing') return { ...takenAway(todo), lastError: 'no account' };
  const key = { todo: todo.todoKey ?? '', member: member ?? todo.memberKey };
  switch (step) {
    case 'nothing':
      return { state: 'shown', shownFace, lastError: null };
    case 'forget':
      return { state: 'gone', shownFace: NOTHING, lastError: null };
    case 'add':
      return { state: 'shown', shownFace, lastError: null, todoKey: await add(deps, platform, todo, key.member, face) };
    case 'change':
      if (face) await platform.changeTodo(key, face);
      return { state: 'shown', shownFace, lastError: null };
    case 'remove':
      await remove(platform, key);
      return { ...takenAway(todo), lastError: null };
    case 'find_and_remove':
      await remove(platform, { ...key, todo: await add(deps, platform, todo, key.member, null) });
      return { ...takenAway(todo), lastError: null };
  }
}

const takenAway = ({ taskId }: Todo) => ({
  state: 'gone' as const,
  shownFace: NOTHING,
  todoKey: null,
  sourceKey: newSourceKey(taskId),
});

async function add(deps: Deps, platform: Platform, todo: Todo, to: string, face: Face | null): Promise<string> {
  const made = await platform.addTodo({
    sourceKey: todo.sourceKey,
    to,
    title: face?.title ?? '—',
    dueAt: face?.dueAt ?? null,
    url: `${deps.config.PUBLIC_URL}/inbox.html#/tasks/${todo.taskId}`,
  });
  // One that was made before, unknown to us, shows what it showed then.
  if (face && (todo.shownFace === MAYBE || face.done)) await platform.changeTodo({ todo: made, member: to }, face);
  return made;
}

async function remove(platform: Platform, key: { todo: string; member: string }): Promise<void> {
  try {
    await platform.removeTodo(key);
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind !== 'not_found') throw error;
  }
}

function afterError(error: unknown, todo: Todo, now: Date): Outcome {
  const again = { state: 'owed' as const, nextAttemptAt: nextAttemptAfter(todo.attempts, now) };
  if (!(error instanceof PlatformError))
    return { ...again, shownFace: MAYBE, lastError: 'Showing it failed on our side.' };
  switch (error.kind) {
    case 'unknown':
      return { ...again, shownFace: MAYBE, lastError: error.message };
    case 'not_found':
      // A call of ours that was never answered took it away: it is made anew.
      if (todo.shownFace === MAYBE) return { ...again, ...takenAway(todo), state: 'owed', lastError: error.message };
      // The member took it off their list: it comes back with the next change of the task.
      return { ...takenAway(todo), state: 'failed', lastError: error.message };
    case 'rejected':
      return { state: 'failed', lastError: error.message };
    case 'forbidden':
    case 'rate_limited':
    case 'unavailable':
      return { ...again, lastError: error.message };
  }
}
