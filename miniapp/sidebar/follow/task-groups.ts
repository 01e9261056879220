import type { TaskView } from '#server/task/task-api.ts';
import { daysApart } from '#miniapp/i18n/format.ts';

export interface TaskGroups {
  /** As the chat promised. */
  proposed: TaskView[];
  /** As a series proposes. */
  planned: TaskView[];
  overdue: TaskView[];
  today: TaskView[];
  later: TaskView[];
}

/** Each open task once, soonest first; those without a time come last in `later`. */
export function groupTasks(tasks: readonly TaskView[], now: Date): TaskGroups {
  const groups: TaskGroups = { proposed: [], planned: [], overdue: [], today: [], later: [] };
  for (const task of [...tasks].sort((a, b) => (a.dueAt ?? '9').localeCompare(b.dueAt ?? '9'))) {
    if (task.state === 'proposed') groups[task.messageId === null ? 'planned' : 'proposed'].push(task);
    else if (task.state === 'open') groups[groupOf(task, now)].push(task);
  }
  return groups;
}

function groupOf(task: TaskView, now: Date): 'overdue' | 'today' | 'later' {
  if (!task.dueAt) return 'later';
  const due = new Date(task.dueAt);
  if (task.overdue || due <= now) return 'overdue';
  return daysApart(now, due) === 0 ? 'today' : 'later';
}
