import type { Prisma, Task as Row } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { unknownTask, type Task, type TaskChange, type TaskState } from './task.ts';

export type NewTask = Omit<Task, 'id' | 'doneAt' | 'version'> & { createdAt: Date };

export interface TaskFilter {
  contactId?: string | undefined;
  customerId?: string | undefined;
  assigneeId?: string | undefined;
  states: TaskState[];
  due: { from: Date | null; until: Date | null } | null;
}

/** Tasks of members in scope, soonest due first, those without a time last. */
export async function listTasks(
  db: Db,
  cipher: FieldCipher,
  scope: Scope,
  filter: TaskFilter,
  limit: number,
): Promise<Task[]> {
  const { contactId, customerId, assigneeId, states, due } = filter;
  const rows = await db.task.findMany({
    where: {
      contactId,
      state: { in: states },
      AND: [
        inScope(scope),
        assigneeId ? { assigneeId } : {},
        customerId ? await ofCustomer(db, customerId) : {},
        due ? dueIn(due) : {},
      ],
    },
    orderBy: [{ dueAt: { sort: 'asc', nulls: 'last' } }, { id: 'asc' }],
    take: limit,
  });
  return rows.map((row) => toTask(cipher, row));
}

function inScope(scope: Scope): Prisma.TaskWhereInput {
  return scope.all ? {} : { assigneeId: { in: [...scope.memberIds] } };
}

/** Also those with a contact who was bound to the customer only later. */
async function ofCustomer(db: Db, customerId: string): Promise<Prisma.TaskWhereInput> {
  const bindings = await db.binding.findMany({ where: { customerId }, select: { contactId: true } });
  return { OR: [{ customerId }, { customerId: null, contactId: { in: bindings.map(({ contactId }) => contactId) } }] };
}

/** Without an end, no time at all is in as well. */
function dueIn({ from, until }: { from: Date | null; until: Date | null }): Prisma.TaskWhereInput {
  const dueAt = { ...(from ? { gte: from } : {}), ...(until ? { lt: until } : {}) };
  return until ? { dueAt } : { OR: [{ dueAt }, { dueAt: null }] };
}

export async function getTask(db: Db, cipher: FieldCipher, scope: Scope, id: string): Promise<Task> {
  const row = await db.task.findFirst({ where: { id, AND: inScope(scope) } });
  if (!row) throw unknownTask();
  return toTask(cipher, row);
}

/** For jobs and events, which ask for nobody. */
export async function findTask(db: Db, cipher: FieldCipher, id: string): Promise<Task | null> {
  const row = await db.task.findUnique({ where: { id } });
  return row && toTask(cipher, row);
}

/** Until the transaction ends, nobody changes it. */
export async function lockTask(tx: Db, id: string): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM "Task" WHERE id = ${id}::uuid FOR UPDATE`;
}

export async function insertTask(db: Db, cipher: FieldCipher, task: NewTask): Promise<Task> {
  return toTask(cipher, await db.task.create({ data: sealed(cipher, task) }));
}

/** Null when there is one for this promise already, whatever became of it. */
export async function insertPromisedTask(
  db: Db,
  cipher: FieldCipher,
  task: NewTask & { promiseKey: string },
): Promise<Task | null> {
  const [row] = await db.task.createManyAndReturn({ data: sealed(cipher, task), skipDuplicates: true });
  return row ? toTask(cipher, row) : null;
}

/** Null when someone changed it since it was read. */
export async function saveTask(
  db: Db,
  cipher: FieldCipher,
  { id, version }: Task,
  change: TaskChange,
): Promise<Task | null> {
  const [row] = await db.task.updateManyAndReturn({
    where: { id, version },
    data: {
      ...change,
      ...(change.title === undefined ? {} : { title: cipher.encrypt(change.title) }),
      version: { increment: 1 },
    },
  });
  return row ? toTask(cipher, row) : null;
}

/** Of these tasks, what is open or proposed of `from` becomes `to`'s; answers all that are `to`'s then. Inside a transaction. */
export async function reassignTasks(
  tx: Db,
  cipher: FieldCipher,
  ids: readonly string[],
  { from, to }: { from: string; to: string },
): Promise<Task[]> {
  await tx.task.updateMany({
    where: { id: { in: [...ids] }, assigneeId: from, state: { in: ['open', 'proposed'] } },
    data: { assigneeId: to, version: { increment: 1 } },
  });
  const rows = await tx.task.findMany({ where: { id: { in: [...ids] }, assigneeId: to }, orderBy: { id: 'asc' } });
  return rows.map((row) => toTask(cipher, row));
}

/** Tasks that were born from one of the messages. */
export async function listTasksOfMessages(db: Db, cipher: FieldCipher, messageIds: string[]): Promise<Task[]> {
  const rows = await db.task.findMany({ where: { messageId: { in: messageIds } } });
  return rows.map((row) => toTask(cipher, row));
}

/** Tasks whose reminder is due; no other transaction gets the same ones until this one ends. */
export async function lockDueReminders(tx: Db, cipher: FieldCipher, now: Date, limit: number): Promise<Task[]> {
  const ids = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Task" WHERE state = 'open' AND "remindAt" <= ${now}
    ORDER BY "remindAt", id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  const rows = await tx.task.findMany({ where: { id: { in: ids.map(({ id }) => id) } }, orderBy: { id: 'asc' } });
  return rows.map((row) => toTask(cipher, row));
}

export async function clearReminders(tx: Db, ids: string[]): Promise<void> {
  await tx.task.updateMany({ where: { id: { in: ids } }, data: { remindAt: null } });
}

export interface TaskNames {
  contacts: Map<string, { name: string; key: string }>;
  customers: Map<string, string>;
  members: Map<string, { name: string; locale: string }>;
}

/** The names tasks are shown with. A task is shown only to those who may see its assignee's. */
export async function listNames(db: Db, tasks: Task[]): Promise<TaskNames> {
  const ids = (pick: (task: Task) => string | null) => ({
    in: [...new Set(tasks.map(pick))].filter((id) => id !== null),
  });
  const [contacts, customers, members] = [
    await db.contact.findMany({
      where: { id: ids(({ contactId }) => contactId) },
      select: { id: true, name: true, key: true },
    }),
    await db.customer.findMany({
      where: { id: ids(({ customerId }) => customerId) },
      select: { id: true, name: true },
    }),
    await db.member.findMany({
      where: { id: ids(({ assigneeId }) => assigneeId) },
      select: { id: true, name: true, locale: true },
    }),
  ];
  return {
    contacts: new Map(contacts.map((contact) => [contact.id, contact])),
    customers: new Map(customers.map(({ id, name }) => [id, name])),
    members: new Map(members.map((member) => [member.id, member])),
  };
}

/** The customer the contact was bound to first; null when to none. */
export async function findCustomerOf(db: Db, contactId: string): Promise<string | null> {
  const binding = await db.binding.findFirst({
    where: { contactId },
    orderBy: [{ madeAt: 'asc' }, { customerId: 'asc' }],
  });
  return binding?.customerId ?? null;
}

function sealed<Made extends NewTask>(cipher: FieldCipher, task: Made): Made {
  return { ...task, title: cipher.encrypt(task.title), quote: task.quote === null ? null : cipher.encrypt(task.quote) };
}

function toTask(cipher: FieldCipher, row: Row): Task {
  return {
    id: row.id,
    title: cipher.decrypt(row.title),
    state: row.state as TaskState,
    contactId: row.contactId,
    customerId: row.customerId,
    assigneeId: row.assigneeId,
    createdBy: row.createdBy,
    dueAt: row.dueAt,
    remindAt: row.remindAt,
    quote: row.quote === null ? null : cipher.decrypt(row.quote),
    messageId: row.messageId,
    doneAt: row.doneAt,
    version: row.version,
  };
}
