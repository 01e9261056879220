import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { findAccounts } from '#server/member/member-store.ts';
import type { Task } from './task.ts';
import { listNames } from './task-store.ts';
import { faceHash, faceOf, newSourceKey, NOTHING, type Face, type Todo, type TodoId } from './todo.ts';
import { insertTodo, listTodosOf, wantTodo } from './todo-store.ts';

/**
 * Writes down what the platforms should show of a task from now on, in the transaction that changes the task. Answers what
 * is owed, for `nudgeTodos` once that is committed.
 */
export async function oweTodos(deps: Deps, tx: Db, task: Task): Promise<TodoId[]> {
  const wanted = faceHash(deps.cipher, await readFace(tx, task));
  const todos = await listTodosOf(tx, task.id);
  const owed: TodoId[] = [];
  const want = async (todo: Todo, wantedFace: string) => {
    if (todo.wantedFace === wantedFace) return;
    await wantTodo(tx, todo, wantedFace, deps.now());
    owed.push(todo);
  };
  const own = todos.filter(({ memberId }) => memberId === task.assigneeId);
  for (const todo of todos) if (!own.includes(todo)) await want(todo, NOTHING);
  if (own.length > 0) {
    for (const todo of own) await want(todo, wanted);
    return owed;
  }
  const account = task.state === 'open' ? await findTodoAccount(deps, tx, task.assigneeId) : null;
  if (account) {
    const todo = { taskId: task.id, memberId: task.assigneeId, ...account };
    await insertTodo(tx, { ...todo, sourceKey: newSourceKey(task.id), wantedFace: wanted }, deps.now());
    owed.push(todo);
  }
  return owed;
}

export async function nudgeTodos(deps: Deps, owed: readonly TodoId[]): Promise<void> {
  await deps.jobs.addAll(
    'send-todo',
    owed.map(({ taskId, memberId, platform }) => ({
      payload: { taskId, memberId, platform },
      options: { key: `${taskId}:${memberId}:${platform}` },
    })),
  );
}

/** What is to be shown of a task: its words, and with whom it is. */
export async function readFace(db: Db, task: Task): Promise<Face | null> {
  const { contacts, customers } = await listNames(db, [task]);
  return faceOf(task, contacts.get(task.contactId ?? '')?.name ?? customers.get(task.customerId ?? '') ?? '');
}

/** One list of todos is enough: that of the first platform that has one and knows the member. */
async function findTodoAccount(
  deps: Deps,
  tx: Db,
  memberId: string,
): Promise<{ platform: string; memberKey: string } | null> {
  const withTodos = deps.platforms.all.filter(({ capabilities }) => capabilities.todos);
  if (withTodos.length === 0) return null;
  const keys = new Map((await findAccounts(tx, [memberId])).map(({ platform, key }) => [platform, key]));
  const found = withTodos.find(({ name }) => keys.has(name));
  const memberKey = found && keys.get(found.name);
  return found && memberKey ? { platform: found.name, memberKey } : null;
}
