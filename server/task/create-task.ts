import type { Caller, Scope } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once, type Take } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { getCustomer } from '#server/customer/customer-store.ts';
import { isActiveMember } from '#server/member/member-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { nudgeTodos, oweTodos } from './owe-todos.ts';
import { publishTasks } from './publish-tasks.ts';
import { mayHave, reminderFor } from './task.ts';
import type { TaskView } from './task-api.ts';
import { findCustomerOf, getTask, insertTask } from './task-store.ts';
import { tellOfTask } from './tell-of-task.ts';
import { viewTask } from './view-task.ts';

export interface TaskWish {
  title: string;
  contactId?: string | undefined;
  customerId?: string | undefined;
  assigneeId?: string | undefined;
  dueAt: Date | null;
  requestKey?: string | undefined;
}

/** A task for oneself or for a member in scope. One with a contact belongs to that contact's customer too. */
export async function createTask(deps: Deps, caller: Caller, { requestKey, ...wish }: TaskWish): Promise<TaskView> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'task.create', content: wish };
  return once(deps, asked, {
    first: (take) => makeTask(deps, caller, wish, take),
    again: async (id) => viewTask(deps, await getTask(deps.db, deps.cipher, caller.scope, id)),
  });
}

async function makeTask(deps: Deps, caller: Caller, wish: Omit<TaskWish, 'requestKey'>, take: Take): Promise<TaskView> {
  const assigneeId = wish.assigneeId ?? caller.memberId;
  if (assigneeId !== caller.memberId) await mustBeAssignable(deps, caller.scope, assigneeId);
  if (wish.contactId) await getContactByIdInScope(deps.db, caller.scope, wish.contactId);
  if (wish.customerId) await getCustomer(deps.db, caller.scope, wish.customerId);
  const boundTo = wish.contactId ? await findCustomerOf(deps.db, wish.contactId) : null;
  const { task, owed, keys } = await deps.db.$transaction(async (tx) => {
    const task = await take(tx, () =>
      insertTask(tx, deps.cipher, {
        title: wish.title,
        state: 'open',
        contactId: wish.contactId ?? null,
        customerId: wish.customerId ?? boundTo,
        assigneeId,
        createdBy: caller.memberId,
        dueAt: wish.dueAt,
        remindAt: reminderFor(wish.dueAt, deps.now()),
        quote: null,
        messageId: null,
        createdAt: deps.now(),
      }),
    );
    const owed = await oweTodos(deps, tx, task);
    return { task, owed, keys: await tellOfTask(deps, tx, caller, { before: null, after: task }) };
  });
  publishTasks(deps, [task]);
  await nudgeTodos(deps, owed);
  await nudgeNotices(deps, keys);
  return viewTask(deps, task);
}

/** Whoever is outside the scope and whoever left are refused alike. */
export async function mustBeAssignable(deps: Deps, scope: Scope, memberId: string): Promise<void> {
  if (mayHave(scope, memberId) && (await isActiveMember(deps.db, memberId))) return;
  throw new Refusal('task.assignee', 'Assign the task to an active member of your own departments.', 422);
}
