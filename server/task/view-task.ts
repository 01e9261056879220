import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { isOverdue, type Task } from './task.ts';
import type { TaskView } from './task-api.ts';
import { listNames, listTasks } from './task-store.ts';

/** What is open or proposed with the contact, soonest due first. */
export async function tasksOfContact(deps: Deps, caller: Caller, contactId: string): Promise<TaskView[]> {
  const filter = { contactId, states: ['open' as const, 'proposed' as const], due: null };
  return viewTasks(deps, await listTasks(deps.db, deps.cipher, caller.scope, filter, 100));
}

export async function viewTask(deps: Deps, task: Task): Promise<TaskView> {
  const [view] = await viewTasks(deps, [task]);
  if (!view) throw new Error('A task has one view.');
  return view;
}

export async function viewTasks(deps: Deps, tasks: Task[]): Promise<TaskView[]> {
  const { contacts, customers, members } = await listNames(deps.db, tasks);
  return tasks.map((task) => ({
    id: task.id,
    title: task.title,
    state: task.state,
    contact: named(task.contactId, (id) => contacts.get(id)?.name),
    customer: named(task.customerId, (id) => customers.get(id)),
    assignee: { id: task.assigneeId, name: members.get(task.assigneeId)?.name ?? '' },
    dueAt: task.dueAt?.toISOString() ?? null,
    overdue: isOverdue(task, deps.now()),
    quote: task.quote,
    messageId: task.messageId,
    doneAt: task.doneAt?.toISOString() ?? null,
    version: task.version,
  }));
}

/** Null as well when what it names is no longer there. */
function named(id: string | null, nameOf: (id: string) => string | undefined): { id: string; name: string } | null {
  const name = id === null ? undefined : nameOf(id);
  return id === null || name === undefined ? null : { id, name };
}
