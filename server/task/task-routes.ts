import { route, type Route } from '#server/base/http.ts';
import { changeTask } from './change-task.ts';
import { createTask } from './create-task.ts';
import { accept, cancel, complete, dismiss, dueBounds, edit, reopen, snooze } from './task.ts';
import { taskApi } from './task-api.ts';
import { listTasks } from './task-store.ts';
import { viewTasks } from './view-task.ts';

const dateOf = (text: string | null | undefined) => (text ? new Date(text) : text === null ? null : undefined);

export const taskRoutes: Route[] = [
  route(taskApi.list, async (deps, { caller, query }) => {
    const { state, due, limit, ...filter } = query;
    const states = state ? [state] : due === 'overdue' ? ['open' as const] : ['open' as const, 'proposed' as const];
    const bounds = due ? dueBounds(due, deps.now()) : null;
    const tasks = await listTasks(deps.db, deps.cipher, caller.scope, { ...filter, states, due: bounds }, limit);
    return { items: await viewTasks(deps, tasks) };
  }),
  route(taskApi.create, (deps, { caller, body }) =>
    createTask(deps, caller, { ...body, dueAt: dateOf(body.dueAt) ?? null }),
  ),
  route(taskApi.edit, (deps, { caller, params, body }) => {
    const { version, title, assigneeId } = body;
    return changeTask(deps, caller, { ...params, version }, (task, now) =>
      edit(task, { title, assigneeId, dueAt: dateOf(body.dueAt) }, now),
    );
  }),
  route(taskApi.accept, (deps, { caller, params, body }) => changeTask(deps, caller, { ...params, ...body }, accept)),
  route(taskApi.dismiss, (deps, { caller, params, body }) => changeTask(deps, caller, { ...params, ...body }, dismiss)),
  route(taskApi.complete, (deps, { caller, params, body }) =>
    changeTask(deps, caller, { ...params, ...body }, complete),
  ),
  route(taskApi.reopen, (deps, { caller, params, body }) => changeTask(deps, caller, { ...params, ...body }, reopen)),
  route(taskApi.snooze, (deps, { caller, params, body }) =>
    changeTask(deps, caller, { ...params, version: body.version }, (task, now) =>
      snooze(task, new Date(body.until), now),
    ),
  ),
  route(taskApi.cancel, (deps, { caller, params, body }) => changeTask(deps, caller, { ...params, ...body }, cancel)),
];
