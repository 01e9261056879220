import { randomBytes, randomUUID } from 'node:crypto';
import {
  activeUsers,
  numberOr,
  paramRefused,
  record,
  rows,
  text,
  textOr,
  texts,
  type DingtalkCall,
  type DingtalkRule,
} from './dingtalk-call.ts';
import type { DingtalkWorld, Todo } from './dingtalk-world.ts';
import type { Stage } from './stage.ts';

const dayMs = 86_400_000;
const subjectMax = 1024;
const urlBytesMax = 1024;
const peopleMax = 100;
const changedPeopleMax = 1000;
const pageSize = 20;
/** Done ones are shown this long. */
const doneDaysMax = 180;

const tasks = '/v1.0/todo/users/{unionId}/tasks';
const createRefused = paramRefused('todo.taskCreate.paramError');
const updateRefused = paramRefused('todo.taskUpdate.paramError');
const statusRefused = paramRefused('todo.taskExecutorStatusUpdate.paramError');
const queryRefused = paramRefused('todo.taskQuery.paramError');

export const todoCalls: DingtalkRule[] = [
  { method: 'POST', path: tasks, answer: create },
  { method: 'PUT', path: `${tasks}/{taskId}`, answer: update },
  { method: 'PUT', path: `${tasks}/{taskId}/executorStatus`, answer: updateStatus },
  {
    method: 'DELETE',
    path: `${tasks}/{taskId}`,
    answer({ stage, world, path }) {
      const todo = todoIn(world, path, paramRefused('todo.taskDelete.paramError'));
      removeTodo(stage, todo);
      return { result: true, requestId: randomUUID() };
    },
  },
  { method: 'POST', path: '/v1.0/todo/users/{unionId}/org/tasks/query', answer: query },
];

function known(world: DingtalkWorld, unionid: string, refuse: (what: string) => Error): string {
  if (!activeUsers(world).some((user) => user.unionid === unionid)) throw refuse(`user not exist: ${unionid}`);
  return unionid;
}

/** One who is not there is passed over, as long as somebody is left. */
function people(world: DingtalkWorld, ids: readonly string[]): string[] {
  const there = new Set(activeUsers(world).map((user) => user.unionid));
  return [...new Set(ids)].filter((one) => there.has(one));
}

function create({ stage, world, body, path, query }: DingtalkCall): Record<string, unknown> {
  const refuse = createRefused;
  const owner = known(world, path[0] ?? '', refuse);
  const subject = text(body, 'subject', refuse);
  if (subject.length > subjectMax) throw refuse('subject is oversize');
  const sourceId = textOr(body, 'sourceId', '', refuse, 1024);
  if (sourceId && Object.values(world.todos).some((one) => one.sourceId === sourceId)) throw refuse('task exist');
  const description = textOr(body, 'description', '', refuse);
  if (description.length > 4096) throw refuse('description is oversize');
  const executors = texts(body, 'executorIds', refuse, 10_000);
  if (executors.length > peopleMax) throw refuse('executors is oversize');
  const participants = texts(body, 'participantIds', refuse, 10_000);
  if (participants.length > peopleMax) throw refuse('participants is oversize');
  const { appUrl, pcUrl } = urlsIn(body);
  const dueTime = numberOr(body, 'dueTime', 0, refuse);
  if (dueTime !== 0 && dueTime < 1_000_000_000_000) throw refuse('dueTime is invalid');
  const priority = numberOr(body, 'priority', 20, refuse);
  if (![10, 20, 30, 40].includes(priority)) throw refuse('priority is invalid');
  const creator = textOr(body, 'creatorId', owner, refuse);
  const found = people(world, executors.length > 0 ? executors : [owner]);
  if (found.length === 0) throw refuse('executors not exist');
  const at = stage.now();
  const todo: Todo = {
    id: `task${randomBytes(14).toString('hex')}`,
    sourceId,
    subject,
    description,
    fields: fieldsIn(body) ?? [],
    creator: known(world, creator, refuse),
    modifier: query.get('operatorId') ?? creator,
    executors: found.map((union) => ({ union, isDone: false })),
    participants: people(world, participants),
    appUrl,
    pcUrl,
    dueAt: dueTime || null,
    priority,
    type: textOr(body, 'todoType', 'TODO', refuse),
    isOnlyShowExecutor: body['isOnlyShowExecutor'] === true,
    isDone: false,
    createdAt: at,
    modifiedAt: at,
    finishedAt: null,
  };
  world.todos[todo.id] = todo;
  told(stage, todo, 'todo_task_create');
  return {
    id: todo.id,
    subject,
    description,
    startTime: 0,
    dueTime: todo.dueAt ?? 0,
    finishTime: 0,
    done: false,
    executorIds: todo.executors.map((one) => one.union),
    participantIds: todo.participants,
    detailUrl: { appUrl, pcUrl },
    source: bizTag(world),
    sourceId,
    createdTime: at,
    modifiedTime: at,
    creatorId: todo.creator,
    modifierId: todo.modifier,
    bizTag: bizTag(world),
    requestId: randomUUID(),
    isOnlyShowExecutor: todo.isOnlyShowExecutor,
    priority,
  };
}

const bizTag = (world: DingtalkWorld): string => `todo_open_${world.app.clientId}`;

/** K02@0793: since 2024-02 a todo without a page to open is refused. */
function urlsIn(body: Record<string, unknown>): { appUrl: string; pcUrl: string } {
  const given = record(body['detailUrl'], 'detailUrl', createRefused);
  const appUrl = text(given, 'appUrl', createRefused);
  const pcUrl = textOr(given, 'pcUrl', appUrl, createRefused);
  for (const url of [appUrl, pcUrl])
    if (Buffer.byteLength(url) > urlBytesMax) throw createRefused('detailUrl is oversize');
  return { appUrl, pcUrl };
}

function fieldsIn(body: Record<string, unknown>): Todo['fields'] | undefined {
  if (body['contentFieldList'] === undefined) return undefined;
  return rows(body['contentFieldList'], 'contentFieldList', createRefused).map((one) => ({
    fieldKey: textOr(one, 'fieldKey', '', createRefused),
    fieldValue: textOr(one, 'fieldValue', '', createRefused),
  }));
}

function todoIn(world: DingtalkWorld, path: string[], refuse: (what: string) => Error): Todo {
  const [union = '', id = ''] = path;
  const todo = world.todos[id];
  if (!todo || !concerns(todo).includes(union)) throw refuse('task not exist');
  return todo;
}

const concerns = (todo: Todo): string[] => [
  ...new Set([todo.creator, ...todo.executors.map((one) => one.union), ...todo.participants]),
];

function update({ stage, world, body, path, query }: DingtalkCall): Record<string, unknown> {
  const refuse = updateRefused;
  const todo = todoIn(world, path, refuse);
  const subject = textOr(body, 'subject', todo.subject, refuse);
  if (subject.length > subjectMax) throw refuse('subject is oversize');
  todo.subject = subject;
  todo.description = textOr(body, 'description', todo.description, refuse);
  if (body['dueTime'] !== undefined) todo.dueAt = numberOr(body, 'dueTime', 0, refuse) || null;
  todo.fields = fieldsIn(body) ?? todo.fields;
  if (body['executorIds'] !== undefined) {
    const ids = texts(body, 'executorIds', refuse, changedPeopleMax);
    const before = new Map(todo.executors.map((one) => [one.union, one.isDone]));
    todo.executors = people(world, ids).map((union) => ({ union, isDone: before.get(union) ?? false }));
  }
  if (body['participantIds'] !== undefined) {
    todo.participants = people(world, texts(body, 'participantIds', refuse, changedPeopleMax));
  }
  if (typeof body['done'] === 'boolean') {
    const isDone = body['done'];
    for (const one of todo.executors) one.isDone = isDone;
  }
  todo.modifier = query.get('operatorId') ?? todo.modifier;
  settle(stage, todo);
  return { result: true };
}

function updateStatus({ stage, world, body, path, query }: DingtalkCall): Record<string, unknown> {
  const todo = todoIn(world, path, statusRefused);
  const changes = rows(body['executorStatusList'], 'executorStatusList', statusRefused);
  if (changes.length === 0) throw statusRefused('executorStatusList is blank');
  if (changes.length > changedPeopleMax) throw statusRefused('executors is oversize');
  for (const change of changes) {
    const executor = todo.executors.find((one) => one.union === change['id']);
    if (executor) executor.isDone = change['isDone'] === true;
  }
  todo.modifier = query.get('operatorId') ?? todo.modifier;
  settle(stage, todo);
  return { result: true };
}

/** Done when everybody it is for is done. */
function settle(stage: Stage, todo: Todo): void {
  todo.isDone = todo.executors.length > 0 && todo.executors.every((one) => one.isDone);
  todo.finishedAt = todo.isDone ? (todo.finishedAt ?? stage.now()) : null;
  todo.modifiedAt = stage.now();
  told(stage, todo, 'todo_task_update');
}

export function completeTodo(stage: Stage, todo: Todo, union: string, isDone: boolean): void {
  const executor = todo.executors.find((one) => one.union === union);
  if (executor) executor.isDone = isDone;
  todo.modifier = union;
  settle(stage, todo);
}

export function removeTodo(stage: Stage, todo: Todo): void {
  delete stage.world.dingtalk.todos[todo.id];
  told(stage, todo, 'todo_task_delete');
}

/** K04@0027: the list of people is spelt otherwise over HTTP. */
function told(stage: Stage, todo: Todo, type: string): void {
  const { dingtalk } = stage.world;
  const unions = concerns(todo);
  const list = dingtalk.settings.events === 'http' ? { UnionIdList: unions } : { unionIdList: unions };
  stage.dingtalk.tell({ type, fields: { taskId: todo.id, bizTag: bizTag(dingtalk), ...list } });
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'todos', user: null });
}

function query({ stage, world, body, path }: DingtalkCall): Record<string, unknown> {
  const owner = known(world, path[0] ?? '', queryRefused);
  const from = Number(textOr(body, 'nextToken', '0', queryRefused));
  if (!Number.isInteger(from) || from < 0) throw queryRefused('nextToken is invalid');
  const roles = body['roleTypes'] as string[][] | undefined;
  const has = (todo: Todo, role: string): boolean => {
    switch (role) {
      case 'creator':
        return todo.creator === owner;
      case 'executor':
        return todo.executors.some((one) => one.union === owner);
      case 'participant':
        return todo.participants.includes(owner);
      default:
        throw queryRefused('roleTypes is invalid');
    }
  };
  const since = stage.now() - doneDaysMax * dayMs;
  const found = Object.values(world.todos)
    .filter((todo) => concerns(todo).includes(owner))
    .filter(
      (todo) =>
        !Array.isArray(roles) || roles.length === 0 || roles.some((all) => all.every((role) => has(todo, role))),
    )
    .filter((todo) => body['isDone'] === undefined || doneFor(todo, owner) === body['isDone'])
    .filter((todo) => !todo.isDone || todo.modifiedAt >= since)
    .sort((a, b) => b.createdAt - a.createdAt);
  const to = from + pageSize;
  return {
    ...(to < found.length ? { nextToken: String(to) } : {}),
    todoCards: found.slice(from, to).map((todo) => ({
      taskId: todo.id,
      subject: todo.subject,
      dueTime: todo.dueAt ?? 0,
      detailUrl: { appUrl: todo.appUrl, pcUrl: todo.pcUrl },
      priority: todo.priority,
      createdTime: todo.createdAt,
      modifiedTime: todo.modifiedAt,
      creatorId: todo.creator,
      sourceId: todo.sourceId,
      bizTag: bizTag(world),
      isDone: doneFor(todo, owner),
      todoType: todo.type,
    })),
  };
}

export const doneFor = (todo: Todo, union: string): boolean =>
  todo.executors.find((one) => one.union === union)?.isDone ?? todo.isDone;
