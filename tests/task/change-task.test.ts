import { describe, expect, test } from 'vitest';
import type { LiveTopic } from '#server/base/live.ts';
import { changeTask } from '#server/task/change-task.ts';
import { createTask } from '#server/task/create-task.ts';
import { complete, edit, snooze } from '#server/task/task.ts';
import { listTasks } from '#server/task/task-store.ts';
import { tasksOfContact } from '#server/task/view-task.ts';
import {
  callerOf,
  makeContact,
  makeCustomer,
  makeDepartment,
  makeMember,
  openSession,
} from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import type { TaskView } from '#server/task/task-api.ts';

const world = useWorld();
const http = useHttp(world);
async function team() {
  const department = await makeDepartment(world.deps);
  const other = await makeDepartment(world.deps);
  const [rep, colleague, manager, stranger] = [
    await makeMember(world.deps, { departments: [department] }),
    await makeMember(world.deps, { departments: [department] }),
    await makeMember(world.deps, { departments: [department], role: 'manager' }),
    await makeMember(world.deps, { departments: [other] }),
  ];
  return { rep, colleague, manager, stranger };
}

const due = new Date('2026-03-01T10:00:00.000Z');

describe('tasks', () => {
  test('a task with a contact belongs to the customer the contact is bound to', async () => {
    const { rep } = await team();
    const caller = await callerOf(world.deps, rep);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    const customer = await makeCustomer(world.deps, { owner: rep });
    await world.deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
    const task = await createTask(world.deps, caller, { title: '寄样品', contactId: contact.id, dueAt: due });
    expect(task).toMatchObject({
      state: 'open',
      contact: { id: contact.id, name: contact.name },
      customer: { id: customer.id, name: customer.name },
      assignee: { id: rep.id },
      dueAt: due.toISOString(),
      overdue: false,
      version: 1,
    });
    expect(await tasksOfContact(world.deps, caller, contact.id)).toEqual([task]);
  });

  test('of two people who change a task at once, the second is shown what the first made of it', async () => {
    const { rep, manager } = await team();
    const task = await createTask(world.deps, await callerOf(world.deps, rep), { title: '寄样品', dueAt: due });
    await changeTask(world.deps, await callerOf(world.deps, manager), task, (found, now) =>
      edit(found, { title: '寄两份样品' }, now),
    );
    const second = changeTask(world.deps, await callerOf(world.deps, rep), task, complete);
    await expect(second).rejects.toMatchObject({
      code: 'task.stale',
      status: 409,
      detail: { current: { title: '寄两份样品', version: 2, state: 'open' } },
    });
  });

  test('of many presses at one moment, one counts', async () => {
    const { rep } = await team();
    const caller = await callerOf(world.deps, rep);
    const task = await createTask(world.deps, caller, { title: '寄样品', dueAt: due });
    const presses = await Promise.allSettled(
      Array.from({ length: 8 }, () => changeTask(world.deps, caller, task, complete)),
    );
    expect(presses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await world.deps.db.task.findUnique({ where: { id: task.id } })).toMatchObject({
      state: 'done',
      version: 2,
    });
  });

  test('a task of a member outside the scope is as good as none', async () => {
    const { rep, colleague, manager, stranger } = await team();
    const task = await createTask(world.deps, await callerOf(world.deps, rep), { title: '寄样品', dueAt: due });
    for (const member of [colleague, stranger])
      await expect(changeTask(world.deps, await callerOf(world.deps, member), task, complete)).rejects.toMatchObject({
        code: 'task.unknown',
        status: 404,
      });
    await expect(changeTask(world.deps, await callerOf(world.deps, manager), task, complete)).resolves.toMatchObject({
      state: 'done',
    });
  });

  test('a task is given only to active members in scope', async () => {
    const { rep, colleague, manager, stranger } = await team();
    const boss = await callerOf(world.deps, manager);
    const left = await makeMember(world.deps, { status: 'left' });
    const task = await createTask(world.deps, boss, { title: '回访', assigneeId: rep.id, dueAt: due });
    expect(task.assignee).toEqual({ id: rep.id, name: rep.name });
    await expect(
      changeTask(world.deps, boss, task, (found, now) => edit(found, { assigneeId: colleague.id }, now)),
    ).resolves.toMatchObject({ assignee: { id: colleague.id } });
    for (const assigneeId of [stranger.id, left.id])
      await expect(createTask(world.deps, boss, { title: '回访', assigneeId, dueAt: due })).rejects.toMatchObject({
        code: 'task.assignee',
      });
    await expect(
      createTask(world.deps, await callerOf(world.deps, rep), { title: '回访', assigneeId: colleague.id, dueAt: due }),
    ).rejects.toMatchObject({ code: 'task.assignee' });
  });

  test('a task names only contacts and customers its maker may see', async () => {
    const { rep, stranger } = await team();
    const contact = await makeContact(world.deps, { followedBy: [stranger] });
    const customer = await makeCustomer(world.deps, { owner: stranger });
    const caller = await callerOf(world.deps, rep);
    await expect(
      createTask(world.deps, caller, { title: '回访', contactId: contact.id, dueAt: due }),
    ).rejects.toMatchObject({
      status: 404,
    });
    await expect(
      createTask(world.deps, caller, { title: '回访', customerId: customer.id, dueAt: due }),
    ).rejects.toMatchObject({ status: 404 });
  });

  test('screens that show a task are told when it changes', async () => {
    const { rep } = await team();
    const caller = await callerOf(world.deps, rep);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    const task = await createTask(world.deps, caller, { title: '寄样品', contactId: contact.id, dueAt: due });
    const told: string[] = [];
    const topics: LiveTopic[] = [`contact.${contact.id}`, `member.${rep.id}`];
    const stop = world.deps.live.subscribe(topics, (event) => told.push(event.part));
    await changeTask(world.deps, caller, task, (found, now) => snooze(found, new Date(due.getTime() + 1000), now));
    stop();
    expect(told).toEqual(['tasks', 'tasks']);
  });
});

describe('the list of tasks', () => {
  test('the soonest due comes first, those without a time last', async () => {
    const { rep } = await team();
    const caller = await callerOf(world.deps, rep);
    const hours = [30, null, 2, 5];
    for (const hour of hours)
      await createTask(world.deps, caller, {
        title: String(hour),
        dueAt: hour === null ? null : new Date(world.deps.now().getTime() + hour * 3_600_000),
      });
    const tasks = await listTasks(world.deps.db, world.deps.cipher, caller.scope, { states: ['open'], due: null }, 50);
    expect(tasks.map(({ title }) => title)).toEqual(['2', '5', '30', 'null']);
  });

  test('over HTTP it is told apart into overdue, today and later', async () => {
    const { rep } = await team();
    const caller = await callerOf(world.deps, rep);
    const as = await openSession(world.deps, rep);
    for (const [title, hours] of [
      ['over', -1],
      ['today', 2],
      ['tomorrow', 30],
    ] as const)
      await createTask(world.deps, caller, { title, dueAt: new Date(world.deps.now().getTime() + hours * 3_600_000) });
    await createTask(world.deps, caller, { title: 'some day', dueAt: null });
    const titles = async (query: string) => {
      const { body } = await http.ask('GET', `/api/tasks${query}`, { as });
      return (body as { items: TaskView[] }).items.map(({ title }) => title);
    };
    expect(await titles('?due=overdue')).toEqual(['over']);
    expect(await titles('?due=today')).toEqual(['today']);
    expect(await titles('?due=later')).toEqual(['tomorrow', 'some day']);
    expect(await titles('')).toEqual(['over', 'today', 'tomorrow', 'some day']);
    expect(await titles('?state=done')).toEqual([]);
  });

  test('over HTTP a task is made, put off, completed and taken up again', async () => {
    const { rep } = await team();
    const as = await openSession(world.deps, rep);
    const made = await http.ask('POST', '/api/tasks', {
      as,
      body: { title: '寄样品', dueAt: '2026-03-01T18:00:00+08:00' },
    });
    expect(made).toMatchObject({ status: 201, body: { dueAt: '2026-03-01T10:00:00.000Z', version: 1 } });
    const { id } = made.body as TaskView;
    const press = (verb: string, body: object) => http.ask('POST', `/api/tasks/${id}/${verb}`, { as, body });
    expect(await press('snooze', { version: 1, until: '2026-03-02T18:00:00+08:00' })).toMatchObject({
      status: 200,
      body: { dueAt: '2026-03-02T10:00:00.000Z', version: 2 },
    });
    expect(await press('complete', { version: 1 })).toMatchObject({ status: 409, code: 'task.stale' });
    expect(await press('complete', { version: 2 })).toMatchObject({ body: { state: 'done' } });
    expect(await press('reopen', { version: 3 })).toMatchObject({ body: { state: 'open', doneAt: null } });
    expect(await press('accept', { version: 4 })).toMatchObject({ status: 409, code: 'task.state' });
    expect(await press('cancel', { version: 4 })).toMatchObject({ body: { state: 'cancelled' } });
    expect(await press('cancel', {})).toMatchObject({ status: 400, code: 'request.invalid' });
  });

  test('over HTTP text the database cannot keep is a mistake of the caller', async () => {
    const as = await openSession(world.deps, await makeMember(world.deps));
    for (const title of ['a\0b', 'half \ud83d'])
      expect(await http.ask('POST', '/api/tasks', { as, body: { title } })).toMatchObject({
        status: 400,
        code: 'request.invalid',
      });
    expect(await http.ask('GET', '/api/members?search=%00', { as })).toMatchObject({ status: 400 });
  });

  test('of a customer holds those with a contact who was bound to it later', async () => {
    const { rep } = await team();
    const caller = await callerOf(world.deps, rep);
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    const customer = await makeCustomer(world.deps, { owner: rep });
    await createTask(world.deps, caller, { title: '回访', contactId: contact.id, dueAt: null });
    await world.deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
    const found = await listTasks(
      world.deps.db,
      world.deps.cipher,
      caller.scope,
      { customerId: customer.id, states: ['open'], due: null },
      50,
    );
    expect(found).toMatchObject([{ title: '回访' }]);
  });
});
