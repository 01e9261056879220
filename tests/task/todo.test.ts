import { beforeEach, describe, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import { changeTask } from '#server/task/change-task.ts';
import { createTask } from '#server/task/create-task.ts';
import { sendTodo } from '#server/task/send-todo.ts';
import { sweepTodos } from '#server/task/sweep-todos.ts';
import { accept, cancel, complete, edit, reopen, snooze } from '#server/task/task.ts';
import type { TaskView } from '#server/task/task-api.ts';
import { callerOf, makeContact, makeDepartment, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const sales = new FakePlatform('wecom');
const office = new FakePlatform('dingtalk');
Object.assign(sales, { capabilities: { ...sales.capabilities, todos: false } });
Object.assign(office, { capabilities: { ...office.capabilities, contacts: false, sidebar: false } });
const world = useWorld({ platforms: [sales, office] });

const due = new Date('2026-03-01T10:00:00.000Z');
let rep: Member;
let colleague: Member;
let boss: Caller;
let as: Caller;

beforeEach(async () => {
  for (const platform of [sales, office]) platform.reset();
  const { deps } = world;
  const departments = [await makeDepartment(deps)];
  rep = await onBoth('rep', departments);
  colleague = await onBoth('colleague', departments);
  const manager = await makeMember(deps, { key: 'boss', role: 'manager', name: '李经理', departments });
  [as, boss] = [await callerOf(deps, rep), await callerOf(deps, manager)];
});

async function onBoth(key: string, departments: Awaited<ReturnType<typeof makeDepartment>>[]): Promise<Member> {
  const member = await makeMember(world.deps, { key, departments, name: key });
  await world.deps.db.memberIdentity.create({ data: { platform: 'dingtalk', key: `u-${key}`, memberId: member.id } });
  sales.addMember(key);
  office.addMember(`u-${key}`);
  return member;
}

const todos = () => [...office.todos.values()];
const row = async () => {
  const [only, ...more] = await world.deps.db.todo.findMany();
  expect(more).toEqual([]);
  return only;
};
const settle = async () => {
  await world.jobs.drain();
  world.clock.advance(10 * 60_000);
  await sweepTodos(world.deps);
  await world.jobs.drain();
};
const make = (wish: Partial<Parameters<typeof createTask>[2]> = {}) =>
  createTask(world.deps, as, { title: '发报价', dueAt: due, ...wish });
const change = (task: TaskView, by: Parameters<typeof changeTask>[3], caller = as) =>
  changeTask(world.deps, caller, task, by);
/** The member ticks it on the platform, or off. */
const tick = async (done: boolean) => {
  const [[key, todo] = []] = office.todos;
  if (!key || !todo) throw new Error('There is no todo.');
  todo.done = done;
  await tell(world.deps, 'dingtalk', { kind: 'todo_changed', todo: key, members: [todo.to] });
};
const stateOf = async ({ id }: TaskView) => (await world.deps.db.task.findUniqueOrThrow({ where: { id } })).state;

describe('a task', () => {
  test('is in its member’s list on the messenger that has one, with its customer and its time', async () => {
    const contact = await makeContact(world.deps, { followedBy: [rep], name: '陈女士' });
    const task = await make({ contactId: contact.id });
    await world.jobs.drain();
    expect(todos()).toMatchObject([
      {
        to: 'u-rep',
        title: '发报价 · 陈女士',
        dueAt: due,
        done: false,
        url: `http://zhike.test/inbox.html#/tasks/${task.id}`,
      },
    ]);
    expect(await row()).toMatchObject({ state: 'shown', platform: 'dingtalk' });
  });

  test('follows every change there, and one call carries the newest', async () => {
    const task = await make();
    const named = await change(task, (found, now) => edit(found, { title: '发新报价' }, now));
    const later = new Date('2026-03-02T10:00:00.000Z');
    const moved = await change(named, (found, now) => snooze(found, later, now));
    await world.jobs.drain();
    expect(todos()).toMatchObject([{ title: '发新报价', dueAt: later }]);
    expect(office.calls.filter(({ method }) => method.endsWith('Todo'))).toHaveLength(1);

    const done = await change(moved, complete);
    await world.jobs.drain();
    expect(todos()).toMatchObject([{ done: true }]);
    const again = await change(done, reopen);
    await world.jobs.drain();
    expect(todos()).toMatchObject([{ done: false }]);
    await change(again, cancel);
    await world.jobs.drain();
    expect(todos()).toEqual([]);
    expect(await row()).toMatchObject({ state: 'gone', todoKey: null });
  });

  test('that is done before it was shown, or only proposed, is no todo', async () => {
    await change(await make(), complete);
    await settle();
    const proposed = await make();
    await world.deps.db.todo.deleteMany();
    await world.deps.db.task.updateMany({ where: { id: proposed.id }, data: { state: 'proposed' } });
    await settle();
    expect(office.called('addTodo')).toEqual([]);
    await change(proposed, accept);
    await settle();
    expect(todos()).toHaveLength(1);
  });

  test('given to a colleague goes from one list to the other, and both are told', async () => {
    const task = await make();
    await world.jobs.drain();
    const given = await change(task, (found, now) => edit(found, { assigneeId: colleague.id }, now), boss);
    await settle();
    expect(todos()).toMatchObject([{ to: 'u-colleague' }]);
    expect(sales.notices).toMatchObject([
      { to: 'colleague', text: '李经理交给你一条跟进：发报价\n到期：2026-03-01 18:00' },
      { to: 'rep', text: '李经理把你的跟进交给了colleague：发报价' },
    ]);
    await change(given, (found, now) => edit(found, { assigneeId: rep.id }, now), boss);
    await settle();
    expect(todos()).toMatchObject([{ to: 'u-rep' }]);
    expect(office.called('addTodo')).toHaveLength(3);
    const keys = office.called('addTodo').map(([draft]) => (draft as { sourceKey: string }).sourceKey);
    expect(new Set(keys).size).toBe(3);
  });

  test('nobody who gives it to themselves is told so', async () => {
    await make();
    await change(await make(), (found, now) => edit(found, { title: '别的' }, now));
    expect(await world.deps.db.notice.count()).toBe(0);
  });
});

describe('a todo', () => {
  test('whose answer was lost is one todo, and stays found', async () => {
    office.loseAnswer('addTodo');
    const task = await make();
    await settle();
    expect(todos()).toHaveLength(1);
    expect(await row()).toMatchObject({ state: 'shown', attempts: 2 });
    await change(task, cancel);
    await settle();
    expect(todos()).toEqual([]);
  });

  test('that may be there is taken away when its task is off', async () => {
    office.loseAnswer('addTodo');
    const task = await make();
    await world.jobs.drain();
    await change(task, cancel);
    await settle();
    expect(todos()).toEqual([]);
    expect(await row()).toMatchObject({ state: 'gone' });
  });

  test.each(['unavailable', 'rate_limited', 'forbidden'] as const)(
    'that was not taken (%s) is asked for again',
    async (kind) => {
      office.fail('addTodo', kind);
      await make();
      await world.jobs.drain().catch(() => {});
      await settle();
      expect(todos()).toHaveLength(1);
    },
  );

  test('whose sender vanished is taken over, and changed meanwhile shows the newest', async () => {
    const task = await make();
    world.jobs.clear();
    await world.deps.db.todo.updateMany({ data: { state: 'sending', claimedAt: world.deps.now() } });
    await change(task, (found, now) => edit(found, { title: '改了' }, now));
    await settle();
    expect(todos()).toMatchObject([{ title: '改了' }]);
  });

  test('changed while it is being sent is sent once more', async () => {
    const task = await make();
    const release = office.hold('addTodo');
    const sending = world.jobs.runNext();
    await expect.poll(() => office.called('addTodo').length).toBe(1);
    await change(task, (found, now) => edit(found, { title: '改了' }, now));
    release();
    await sending;
    await world.jobs.drain();
    expect(todos()).toMatchObject([{ title: '改了' }]);
    expect(await row()).toMatchObject({ state: 'shown' });
  });

  test('is asked for once by however many processes', async () => {
    await make();
    const { taskId, memberId, platform } = (await row()) ?? { taskId: '', memberId: '', platform: '' };
    world.jobs.clear();
    await Promise.all(Array.from({ length: 5 }, () => sendTodo(world.deps, { taskId, memberId, platform })));
    expect(office.called('addTodo')).toHaveLength(1);
  });

  test('ticked on the messenger completes the task, and tells the messenger nothing back', async () => {
    const task = await make();
    await world.jobs.drain();
    await tick(true);
    await settle();
    expect(await stateOf(task)).toBe('done');
    expect(office.called('changeTodo')).toEqual([]);
    await tick(true);
    expect(await stateOf(task)).toBe('done');
  });

  test('unticked there is open again; what is but the echo of our own change is not', async () => {
    const task = await make();
    await world.jobs.drain();
    await change(task, complete);
    await world.jobs.drain();
    await tick(false);
    expect(await stateOf(task)).toBe('done');
    await settle();
    expect(todos()).toMatchObject([{ done: true }]);
    world.clock.advance(3_600_000);
    await tick(false);
    expect(await stateOf(task)).toBe('open');
    await settle();
    expect(todos()).toMatchObject([{ done: false }]);
  });

  test('taken off the list is not done, and comes back when the task changes', async () => {
    const task = await make();
    await world.jobs.drain();
    const [[key] = []] = office.todos;
    office.todos.clear();
    await tell(world.deps, 'dingtalk', { kind: 'todo_changed', todo: key ?? '', members: ['u-rep'] });
    await settle();
    expect(await stateOf(task)).toBe('open');
    expect(todos()).toEqual([]);
    await change(task, (found, now) => snooze(found, new Date('2026-03-05T10:00:00.000Z'), now));
    await settle();
    expect(todos()).toHaveLength(1);
  });

  test('that is not ours, or of somebody else’s task by now, changes nothing', async () => {
    const task = await make();
    await world.jobs.drain();
    await tell(world.deps, 'dingtalk', { kind: 'todo_changed', todo: 'theirs', members: ['u-rep'] });
    await world.deps.db.task.updateMany({ data: { assigneeId: colleague.id } });
    await tick(true);
    expect(await stateOf(task)).toBe('open');
  });

  test('of a task that changed hands elsewhere moves along, and old tasks get one when a messenger is connected', async () => {
    await make();
    await world.jobs.drain();
    await world.deps.db.task.updateMany({ data: { assigneeId: colleague.id } });
    await settle();
    expect(todos()).toMatchObject([{ to: 'u-colleague' }]);
    await world.deps.db.todo.deleteMany();
    office.todos.clear();
    await settle();
    expect(todos()).toMatchObject([{ to: 'u-colleague' }]);
  });

  test('is not made for who has no account there', async () => {
    await world.deps.db.memberIdentity.deleteMany({ where: { platform: 'dingtalk' } });
    await make();
    await settle();
    expect(await world.deps.db.todo.count()).toBe(0);
  });
});
