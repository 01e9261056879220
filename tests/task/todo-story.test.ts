import { beforeEach, expect, test } from 'vitest';
import type { Department, Member } from '#prisma/client/client.ts';
import { changeTask } from '#server/task/change-task.ts';
import { createTask } from '#server/task/create-task.ts';
import { sweepTodos } from '#server/task/sweep-todos.ts';
import { cancel, complete, edit, reopen, snooze, type Task, type TaskChange } from '#server/task/task.ts';
import { callerOf, makeDepartment, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { seededRandom } from '#tests/support/random.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const STORIES = 12;
const STEPS = 14;

const platform = new FakePlatform('dingtalk');
const world = useWorld({ platforms: [platform] });
const random = seededRandom();
console.log(`todo stories: SEED=${random.seed}`);

let department: Department;
let team: Member[];

beforeEach(async () => {
  platform.reset();
  department = await makeDepartment(world.deps, { platform: 'dingtalk' });
});

async function addTeam(story: number): Promise<void> {
  team = [];
  for (const n of [0, 1]) {
    const key = `u${story}-${n}`;
    platform.addMember(key);
    team.push(await makeMember(world.deps, { platform: 'dingtalk', key, departments: [department], role: 'manager' }));
  }
}

const deeds: ((task: Task, now: Date) => TaskChange)[] = [
  (task, now) => edit(task, { title: `标题${random.below(3)}` }, now),
  (task, now) => edit(task, { assigneeId: random.pick(team).id }, now),
  (task, now) => snooze(task, new Date(now.getTime() + (1 + random.below(5)) * 3_600_000), now),
  complete,
  reopen,
  cancel,
];
const faults = [
  () => platform.loseAnswer('addTodo'),
  () => platform.loseAnswer('changeTodo'),
  () => platform.loseAnswer('removeTodo'),
  () => platform.fail('addTodo', random.pick(['unavailable', 'rate_limited', 'unknown', 'forbidden'])),
  () => platform.fail('changeTodo', random.pick(['unavailable', 'unknown'])),
  () => platform.fail('removeTodo', random.pick(['unavailable', 'unknown'])),
];

const drain = async () => {
  while (world.jobs.waiting.length > 0) await world.jobs.runNext().catch(() => {});
};

/** Somebody does something: in the product, on the messenger, or the way between them fails. */
async function step(id: string): Promise<void> {
  const { deps } = world;
  const as = await callerOf(deps, random.pick(team), 'dingtalk');
  const act = random.below(10);
  if (act < 6) {
    const { version } = await deps.db.task.findUniqueOrThrow({ where: { id } });
    // What this state of the task does not allow is refused.
    await changeTask(deps, as, { id, version }, random.pick(deeds)).catch(() => {});
  } else if (act < 7) {
    const [key, todo] = random.pick([...platform.todos]) ?? [];
    if (!key || !todo) return;
    todo.done = !todo.done;
    await tell(deps, 'dingtalk', { kind: 'todo_changed', todo: key, members: [todo.to] });
  } else if (act < 9) {
    random.pick(faults)();
  } else {
    // The process dies: what it was about to do is lost, what it was doing stays half done.
    world.jobs.clear();
    const sending = { state: 'sending', claimedAt: deps.now() };
    if (random.chance(0.5)) await deps.db.todo.updateMany({ where: { state: 'owed' }, data: sending });
  }
  if (random.chance(0.6)) await drain();
}

test('whatever happens to a task and on the way, in the end each list shows what is to be done, once', async () => {
  const { deps } = world;
  for (let story = 0; story < STORIES; story += 1) {
    await addTeam(story);
    const as = await callerOf(deps, random.pick(team), 'dingtalk');
    const { id } = await createTask(deps, as, { title: '开始', dueAt: null });
    for (let n = 0; n < STEPS; n += 1) await step(id);

    for (let round = 0; round < 12; round += 1) {
      world.clock.advance(3_600_000);
      await sweepTodos(deps);
      await drain();
    }
    const task = await deps.db.task.findUniqueOrThrow({ where: { id } });
    const account = await deps.db.memberIdentity.findFirstOrThrow({ where: { memberId: task.assigneeId } });
    const shown = [...platform.todos.values()].map(({ to, title, dueAt, done }) => ({ to, title, dueAt, done }));
    const face = {
      to: account.key,
      title: deps.cipher.decrypt(task.title),
      dueAt: task.dueAt,
      done: task.state === 'done',
    };
    const may: Record<string, (typeof face)[][]> = {
      open: [[face]],
      // Who was given a task that was done by then has it not in the list.
      done: [[face], []],
      cancelled: [[]],
    };
    expect({ story, shown: may[task.state] }).toEqual({ story, shown: expect.arrayContaining([shown]) });
    expect(await deps.db.todo.count({ where: { taskId: id, state: { in: ['owed', 'sending', 'failed'] } } })).toBe(0);
    platform.todos.clear();
    await deps.db.todo.deleteMany();
    await deps.db.task.deleteMany();
  }
});
