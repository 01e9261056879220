import { randomBytes } from 'node:crypto';
import { MINUTE_MS } from '#server/base/duration.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import type { Task } from './task.ts';

/** owed: a call is due; shown: the platform shows what it should; gone: it shows nothing, and should not. */
export type TodoState = 'owed' | 'sending' | 'shown' | 'failed' | 'gone';

/** A todo of ours on a platform; `memberKey` is the account it was made for. */
export interface Todo {
  taskId: string;
  memberId: string;
  platform: string;
  memberKey: string;
  sourceKey: string;
  todoKey: string | null;
  state: TodoState;
  wantedFace: string;
  shownFace: string;
  attempts: number;
  claimedAt: Date | null;
}
export type TodoId = Pick<Todo, 'taskId' | 'memberId' | 'platform'>;

/** What a platform shows of a task; null: nothing. */
export interface Face {
  title: string;
  dueAt: Date | null;
  done: boolean;
}

/** Shown, for all we know: the call that was to make it has not been answered. */
export const MAYBE = '?';
export const NOTHING = '';

export function faceOf(task: Pick<Task, 'title' | 'state' | 'dueAt'>, about: string): Face | null {
  if (task.state !== 'open' && task.state !== 'done') return null;
  return { title: about ? `${task.title} · ${about}` : task.title, dueAt: task.dueAt, done: task.state === 'done' };
}

/** Tells two faces apart and says nothing of them. */
export function faceHash(cipher: FieldCipher, face: Face | null): string {
  return face ? cipher.hash(JSON.stringify(['todo', face.title, face.dueAt?.getTime() ?? null, face.done])) : NOTHING;
}

/**
 * Names one todo for ever. What was taken off a list and comes back is another one: the platform may remember the first
 * under its key.
 */
export function newSourceKey(taskId: string): string {
  return `task-${taskId}-${randomBytes(4).toString('hex')}`;
}

/** What must be asked of the platform so that it shows `face`. */
export type TodoStep = 'nothing' | 'add' | 'change' | 'remove' | 'find_and_remove' | 'forget';

export function stepTo(todo: Pick<Todo, 'todoKey' | 'shownFace'>, face: Face | null, hash: string): TodoStep {
  if (todo.todoKey !== null) {
    if (face === null) return 'remove';
    return todo.shownFace === hash ? 'nothing' : 'change';
  }
  if (face === null) return todo.shownFace === MAYBE ? 'find_and_remove' : 'forget';
  // What was done before anybody saw it is no todo.
  return face.done && todo.shownFace !== MAYBE ? 'forget' : 'add';
}

/** Where the platform's read lags, it still shows what was before our own last change. */
export const OWN_ECHO_MS = 2 * MINUTE_MS;
/** No call takes this long: whoever was at it is gone, and it is asked again. */
export const TODO_SENDING_MAX_MS = 5 * MINUTE_MS;
