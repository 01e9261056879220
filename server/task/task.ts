import type { Scope } from '#server/base/caller.ts';
import { Refusal } from '#server/base/refusal.ts';
import { dayOf, endOf } from '#server/base/shanghai.ts';
import type { taskStates } from './task-api.ts';

export type TaskState = (typeof taskStates)[number];

/** Something a member must do by a time. */
export interface Task {
  id: string;
  title: string;
  state: TaskState;
  contactId: string | null;
  customerId: string | null;
  assigneeId: string;
  /** Null when a promise in the chat made it. */
  createdBy: string | null;
  dueAt: Date | null;
  /** When the assignee is told; null when they were, or when there is nothing to tell. */
  remindAt: Date | null;
  quote: string | null;
  messageId: string | null;
  doneAt: Date | null;
  version: number;
}

/** What a transition changes. */
export type TaskChange = Partial<Pick<Task, 'title' | 'state' | 'assigneeId' | 'dueAt' | 'remindAt' | 'doneAt'>>;

export const unknownTask = () =>
  new Refusal('task.unknown', 'There is no such task, or it is not of a member you may see.', 404);

export function accept(task: Task, now: Date): TaskChange {
  mustBe(task, ['proposed'], 'taken');
  return { state: 'open', remindAt: reminderFor(task.dueAt, now) };
}

/** A dismissed promise is not proposed again: its row stays. */
export function dismiss(task: Task): TaskChange {
  mustBe(task, ['proposed'], 'dropped');
  return { state: 'dismissed', remindAt: null };
}

/** What was only proposed may turn out to be done already. */
export function complete(task: Task, now: Date): TaskChange {
  mustBe(task, ['open', 'proposed'], 'completed');
  return { state: 'done', doneAt: now, remindAt: null };
}

export function reopen(task: Task, now: Date): TaskChange {
  mustBe(task, ['done', 'cancelled'], 'reopened');
  return { state: 'open', doneAt: null, remindAt: reminderFor(task.dueAt, now) };
}

export function snooze(task: Task, until: Date, now: Date): TaskChange {
  mustBe(task, ['open'], 'moved');
  if (until <= now) throw new Refusal('task.until_past', 'Choose a time that is still to come.', 422);
  return { dueAt: until, remindAt: until };
}

export function cancel(task: Task): TaskChange {
  mustBe(task, ['open'], 'cancelled');
  return { state: 'cancelled', remindAt: null };
}

/** Keys left out stay as they are. */
export function edit(
  task: Task,
  change: { title?: string | undefined; dueAt?: Date | null | undefined; assigneeId?: string | undefined },
  now: Date,
): TaskChange {
  mustBe(task, ['open', 'proposed'], 'changed');
  const { title, dueAt, assigneeId } = change;
  const isMoved = dueAt !== undefined && dueAt?.getTime() !== task.dueAt?.getTime();
  return {
    ...(title === undefined ? {} : { title }),
    ...(assigneeId === undefined ? {} : { assigneeId }),
    ...(isMoved ? { dueAt, remindAt: task.state === 'open' ? reminderFor(dueAt, now) : null } : {}),
  };
}

function mustBe(task: Task, states: TaskState[], verb: string): void {
  if (states.includes(task.state)) return;
  throw new Refusal('task.state', `A task that is ${task.state} cannot be ${verb}.`, 409, { state: task.state });
}

/** A time that is over reminds nobody: the task shows as overdue. */
export function reminderFor(dueAt: Date | null, now: Date): Date | null {
  return dueAt && dueAt > now ? dueAt : null;
}

export function isOverdue(task: Pick<Task, 'state' | 'dueAt'>, now: Date): boolean {
  return task.state === 'open' && task.dueAt !== null && task.dueAt < now;
}

export type DueFilter = 'overdue' | 'today' | 'later';

/** From (included) – until (not included); `today` is the rest of the day in Shanghai, `later` also means no time at all. */
export function dueBounds(due: DueFilter, now: Date): { from: Date | null; until: Date | null } {
  const tomorrow = new Date(endOf(dayOf(now)).getTime() + 1);
  switch (due) {
    case 'overdue':
      return { from: null, until: now };
    case 'today':
      return { from: now, until: tomorrow };
    case 'later':
      return { from: tomorrow, until: null };
  }
}

/** A task is its assignee's: who may see the one may see and change the other. */
export function mayHave(scope: Scope, assigneeId: string): boolean {
  return scope.all || scope.memberIds.includes(assigneeId);
}
