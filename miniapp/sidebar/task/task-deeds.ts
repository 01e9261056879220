import type { TaskView } from '#server/task/task-api.ts';
import { api } from '#miniapp/api/api.ts';
import { isApiError } from '#miniapp/api/api-error.ts';
import { dayAndTime } from '#miniapp/i18n/format.ts';
import { t } from '#miniapp/i18n/i18n.ts';
import { say } from '#miniapp/ui/toast.ts';
import { useAction } from '#miniapp/ui/use-action.ts';
import { useTaskList } from './task-list.ts';

/** What a press does to a task; a task that somebody changed meanwhile is shown as it is now. */
export function useTaskDeeds() {
  const { patchTask, refresh } = useTaskList();
  const { busy, error, run } = useAction(async (work: () => Promise<TaskView>, done: (after: TaskView) => void) => {
    try {
      const after = await work();
      patchTask(after);
      done(after);
      void refresh();
    } catch (problem) {
      if (isApiError(problem, 409)) await refresh();
      throw problem;
    }
  });
  const seen = (task: TaskView) => ({ params: { id: task.id }, body: { version: task.version } });

  const reopen = (task: TaskView) =>
    run(
      () => api.reopenTask(seen(task)),
      () => say(t('task.reopened')),
    );
  return {
    busy,
    error,
    reopen,
    complete: (task: TaskView) =>
      run(
        () => api.completeTask(seen(task)),
        (after) => say(t('task.completed'), { label: t('undo'), run: () => void reopen(after) }),
      ),
    accept: (task: TaskView) =>
      run(
        () => api.acceptTask(seen(task)),
        () => say(t('task.accepted')),
      ),
    dismiss: (task: TaskView) =>
      run(
        () => api.dismissTask(seen(task)),
        () => say(t('task.dismissed')),
      ),
    cancel: (task: TaskView) =>
      run(
        () => api.cancelTask(seen(task)),
        () => say(t('task.cancelled')),
      ),
    snooze: (task: TaskView, until: Date) =>
      run(
        () => api.snoozeTask({ ...seen(task), body: { version: task.version, until: until.toISOString() } }),
        (after) => say(t('task.snoozed', { time: after.dueAt ? dayAndTime(after.dueAt) : '' })),
      ),
  };
}
