import { inject, provide, type InjectionKey } from 'vue';
import type { TaskView } from '#server/task/task-api.ts';

/** What shows the tasks that are worked on. */
export interface TaskList {
  /** Asks for everything again. */
  refresh(): Promise<void>;
  patchTask(task: TaskView): void;
}

const key: InjectionKey<TaskList> = Symbol('tasks');
export const provideTaskList = (list: TaskList): void => provide(key, list);

export function useTaskList(): TaskList {
  const list = inject(key);
  if (!list) throw new Error('Outside of a list of tasks.');
  return list;
}
