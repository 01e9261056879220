import type { Deps } from '#server/base/deps.ts';
import type { Task } from './task.ts';

/** Screens that show these tasks ask again. */
export function publishTasks(deps: Deps, tasks: Pick<Task, 'contactId' | 'customerId' | 'assigneeId'>[]): void {
  const topics = tasks.flatMap(({ contactId, customerId, assigneeId }) => [
    ...(contactId ? [`contact.${contactId}` as const] : []),
    ...(customerId ? [`customer.${customerId}` as const] : []),
    `member.${assigneeId}` as const,
  ]);
  const contactId = tasks.find((task) => task.contactId !== null)?.contactId ?? undefined;
  for (const topic of new Set(topics)) deps.live.publish(topic, { part: 'tasks', ...(contactId ? { contactId } : {}) });
}
