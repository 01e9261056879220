import { z } from 'zod';
import { cutText } from '#bot/shared/cut-text.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { TodoDraft, TodoKey } from '#server/platform/todo.ts';
import { done, type DingtalkApi } from './dingtalk-api.ts';
import { refuse } from './dingtalk-error.ts';
import { flag, key, listOf, text } from '#bot/shared/field.ts';
import type { UnionIds } from './dingtalk-union.ts';

const subjectBytesMax = 1024;
const addressBytesMax = 1024;
const tasksPath = '/v1.0/todo/users/{unionId}/tasks';
const taskPath = `${tasksPath}/{taskId}`;
/** Of one member, open and done: more than anybody has in half a year. */
const pagesMax = 200;

/**
 * K02@0793: a work todo, with one executor who is its creator too, so that changing it needs nobody else. `sourceId` is
 * unique for the app: a second one is refused, and is looked up then.
 */
export async function addTodo(api: DingtalkApi, unionIds: UnionIds, todo: TodoDraft): Promise<PlatformKey> {
  if (Buffer.byteLength(todo.url) > addressBytesMax)
    throw refuse(tasksPath.slice(1), 'too_long', `An address has at most ${addressBytesMax} bytes.`);
  const unionId = await unionIds.of(todo.to);
  const body = {
    subject: cutText(todo.title, subjectBytesMax),
    sourceId: todo.sourceKey,
    creatorId: unionId,
    executorIds: [unionId],
    isOnlyShowExecutor: true,
    detailUrl: { appUrl: todo.url, pcUrl: todo.url },
    notifyConfigs: { dingNotify: '1' },
    ...(todo.dueAt ? { dueTime: todo.dueAt.getTime() } : {}),
  };
  try {
    const answer = z.object({ id: key });
    const call = { path: tasksPath, in: { unionId }, query: { operatorId: unionId }, body, changes: true, answer };
    return (await api.call(call)).id;
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'rejected')) throw error;
    const known = await findCard(api, unionId, ({ sourceId }) => sourceId === todo.sourceKey);
    if (!known) throw error;
    return known.taskId;
  }
}

/** K02@0794. Not said whether a time can be taken away again: null is sent as such. */
export async function changeTodo(
  api: DingtalkApi,
  unionIds: UnionIds,
  of: TodoKey,
  change: { title?: string; dueAt?: Date | null; done?: boolean },
): Promise<void> {
  const body = {
    ...(change.title === undefined ? {} : { subject: cutText(change.title, subjectBytesMax) }),
    ...(change.dueAt === undefined ? {} : { dueTime: change.dueAt?.getTime() ?? null }),
    ...(change.done === undefined ? {} : { done: change.done }),
  };
  if (Object.keys(body).length === 0) return;
  await onTask(api, await unionIds.of(of.member), of.todo, { method: 'PUT', body });
}

/** K02@0797 */
export async function removeTodo(api: DingtalkApi, unionIds: UnionIds, of: TodoKey): Promise<void> {
  await onTask(api, await unionIds.of(of.member), of.todo, { method: 'DELETE' });
}

async function onTask(
  api: DingtalkApi,
  unionId: string,
  taskId: PlatformKey,
  call: { method: 'PUT' | 'DELETE'; body?: unknown },
): Promise<void> {
  const ids = { unionId, taskId };
  try {
    await api.call({ path: taskPath, in: ids, query: { operatorId: unionId }, changes: true, answer: done, ...call });
  } catch (error) {
    // One code for all that is wrong; the words alone say what.
    const isMissing = error instanceof PlatformError && error.kind === 'rejected' && /not.?exist/i.test(error.message);
    if (!isMissing) throw error;
    throw new PlatformError('not_found', { platform: 'dingtalk', call: error.call, code: error.code });
  }
}

/** There is no question after one: it is searched among the member's own. */
export async function readTodo(api: DingtalkApi, unionIds: UnionIds, of: TodoKey): Promise<{ done: boolean } | null> {
  const card = await findCard(api, await unionIds.of(of.member), ({ taskId }) => taskId === of.todo);
  return card && { done: card.isDone };
}

const card = z.object({ taskId: key, sourceId: text, isDone: flag });
type TodoCard = z.infer<typeof card>;
const cardsAnswer = z.object({ nextToken: text, todoCards: listOf(card) });

/** K02@0798: open ones first; done ones are shown for 180 days. */
async function findCard(
  api: DingtalkApi,
  unionId: string,
  isIt: (card: TodoCard) => boolean,
): Promise<TodoCard | null> {
  const path = '/v1.0/todo/users/{unionId}/org/tasks/query';
  for (const isDone of [false, true]) {
    let nextToken = '';
    for (let pages = 0; pages < pagesMax; pages++) {
      const body = { isDone, roleTypes: [['executor']], ...(nextToken && { nextToken }) };
      const page = await api.call({ path, in: { unionId }, body, answer: cardsAnswer });
      const found = page.todoCards.find(isIt);
      if (found) return { ...found, isDone };
      if (!page.nextToken || page.nextToken === nextToken) break;
      nextToken = page.nextToken;
    }
  }
  return null;
}
