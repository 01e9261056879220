import type { Todo as Row } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { MAYBE, newSourceKey, NOTHING, type Todo, type TodoId, type TodoState } from './todo.ts';

const byId = ({ taskId, memberId, platform }: TodoId) => ({
  taskId_memberId_platform: { taskId, memberId, platform },
});

export async function listTodosOf(db: Db, taskId: string): Promise<Todo[]> {
  return (await db.todo.findMany({ where: { taskId }, orderBy: [{ memberId: 'asc' }, { platform: 'asc' }] })).map(
    toTodo,
  );
}

export async function listTodosByKey(db: Db, platform: string, todoKey: string): Promise<Todo[]> {
  return (await db.todo.findMany({ where: { platform, todoKey } })).map(toTodo);
}

export async function insertTodo(
  db: Db,
  todo: Pick<Todo, 'taskId' | 'memberId' | 'platform' | 'memberKey' | 'sourceKey' | 'wantedFace'>,
  now: Date,
): Promise<void> {
  await db.todo.createMany({ data: { ...todo, nextAttemptAt: now }, skipDuplicates: true });
}

/** From now on it should show this; whoever is at it sees so when they are done. */
export async function wantTodo(db: Db, id: TodoId, wantedFace: string, now: Date): Promise<void> {
  const { taskId, memberId, platform } = id;
  await db.todo.update({ where: byId(id), data: { wantedFace } });
  await db.todo.updateMany({
    where: { taskId, memberId, platform, state: { in: ['shown', 'owed', 'failed', 'gone'] satisfies TodoState[] } },
    data: { state: 'owed' satisfies TodoState, attempts: 0, nextAttemptAt: now },
  });
}

/** Null when it owes nothing, or somebody else is at it. */
export async function claimTodo(db: Db, { taskId, memberId, platform }: TodoId, now: Date): Promise<Todo | null> {
  const [claimed] = await db.todo.updateManyAndReturn({
    where: { taskId, memberId, platform, state: 'owed' },
    data: { state: 'sending' satisfies TodoState, claimedAt: now, attempts: { increment: 1 } },
  });
  return claimed ? toTodo(claimed) : null;
}

/** Owed again when something else was wanted since it was claimed. */
export async function settleTodo(
  db: Db,
  claimed: Todo,
  outcome: {
    state: TodoState;
    shownFace?: string;
    todoKey?: string | null;
    sourceKey?: string;
    lastError?: string | null;
    nextAttemptAt?: Date;
  },
): Promise<TodoState> {
  const { taskId, memberId, platform, wantedFace } = claimed;
  // What is shown is what the task said just now, which may be newer than what was wanted when it was claimed.
  const agreed =
    outcome.state === 'shown' || outcome.state === 'gone' ? { wantedFace: outcome.shownFace ?? NOTHING } : {};
  const { count } = await db.todo.updateMany({
    where: { taskId, memberId, platform, wantedFace },
    data: { ...outcome, ...agreed },
  });
  if (count > 0) return outcome.state;
  const owed = { ...outcome, state: 'owed' satisfies TodoState };
  await db.todo.updateMany({ where: { taskId, memberId, platform }, data: owed });
  await db.todo.updateMany({ where: { taskId, memberId, platform, wantedFace: MAYBE }, data: { shownFace: MAYBE } });
  return 'owed';
}

/** What the platform says it shows: what was done there is not told there again. */
export async function saveShown(db: Db, id: TodoId, shownFace: string): Promise<void> {
  await db.todo.update({ where: byId(id), data: { shownFace } });
}

/** What the platform shows is not certain: from `at` on it is told what it should. */
export async function doubtTodo(db: Db, id: TodoId, at: Date): Promise<void> {
  const { taskId, memberId, platform } = id;
  await db.todo.updateMany({
    where: { taskId, memberId, platform, state: { in: ['shown', 'owed'] satisfies TodoState[] } },
    data: { state: 'owed' satisfies TodoState, shownFace: MAYBE, attempts: 0, nextAttemptAt: at },
  });
  // Whoever is at it finds that more is wanted than they knew.
  await db.todo.updateMany({
    where: { taskId, memberId, platform, state: 'sending' satisfies TodoState },
    data: { wantedFace: MAYBE },
  });
}

/** The member took it off their list. */
export async function saveGone(db: Db, id: TodoId): Promise<void> {
  await db.todo.update({
    where: byId(id),
    data: {
      state: 'gone' satisfies TodoState,
      todoKey: null,
      shownFace: NOTHING,
      wantedFace: NOTHING,
      sourceKey: newSourceKey(id.taskId),
    },
  });
}

/** Those whose sender vanished are asked again; what the platform shows of them is not certain. */
export async function takeOverTodos(db: Db, claimedBefore: Date, now: Date): Promise<number> {
  const where = { state: 'sending' satisfies TodoState, claimedAt: { lt: claimedBefore } };
  const state: TodoState = 'owed';
  const { count } = await db.todo.updateMany({ where, data: { state, shownFace: MAYBE, nextAttemptAt: now } });
  return count;
}

export async function listDueTodos(db: Db, platforms: readonly string[], now: Date, limit: number): Promise<TodoId[]> {
  return db.todo.findMany({
    where: { state: 'owed', platform: { in: [...platforms] }, nextAttemptAt: { lte: now } },
    orderBy: { nextAttemptAt: 'asc' },
    take: limit,
    select: { taskId: true, memberId: true, platform: true },
  });
}

/** Tasks whose todos are not where their assignee is: given or joined elsewhere, or from before the platform was connected. */
export async function listStrayTasks(db: Db, platforms: readonly string[], limit: number): Promise<string[]> {
  if (platforms.length === 0) return [];
  const rows = await db.$queryRaw<{ id: string }[]>`
    (SELECT task.id FROM "Task" task
     WHERE task.state = 'open'
       AND EXISTS (SELECT 1 FROM "MemberIdentity" account JOIN "Member" member ON member.id = account."memberId" AND member.status = 'active'
                   WHERE account."memberId" = task."assigneeId" AND account."leftAt" IS NULL AND account.platform = ANY(${[...platforms]}))
       AND NOT EXISTS (SELECT 1 FROM "Todo" todo WHERE todo."taskId" = task.id AND todo."memberId" = task."assigneeId")
     LIMIT ${limit})
    UNION
    (SELECT task.id FROM "Todo" todo JOIN "Task" task ON task.id = todo."taskId"
     WHERE todo."memberId" <> task."assigneeId" AND todo."wantedFace" <> '' AND todo.platform = ANY(${[...platforms]})
     LIMIT ${limit})`;
  return rows.map(({ id }) => id);
}

function toTodo(row: Row): Todo {
  const { nextAttemptAt: _next, lastError: _error, ...todo } = row;
  return { ...todo, state: row.state as TodoState };
}
