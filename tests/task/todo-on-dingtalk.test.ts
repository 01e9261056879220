import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { wecom } from '#bot/wecom/wecom.ts';
import type { Caller } from '#server/base/caller.ts';
import { eventSwitch } from '#server/events.ts';
import { syncMembers } from '#server/member/sync-members.ts';
import type { Platform } from '#server/platform/platform.ts';
import { changeTask } from '#server/task/change-task.ts';
import { createTask } from '#server/task/create-task.ts';
import { cancel, complete } from '#server/task/task.ts';
import { startSandboxDingtalk, type SandboxDingtalk } from '#tests/bot/sandbox-dingtalk-world.ts';
import { testTools } from '#tests/bot/platform-tools.ts';
import { callerOf } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const platforms: Platform[] = [];
let sandbox: SandboxDingtalk;
let stream: { close(): Promise<void> } | undefined;
let user: string;
let as: Caller;

beforeAll(async () => {
  sandbox = await startSandboxDingtalk('stream');
  user = sandbox.state.demo.rep;
  const sales = wecom.create(sandbox.env, testTools(new Date()));
  if (sales) platforms.push(sales);
  platforms.push(sandbox.platform);
  stream = sandbox.platform.stream?.open(
    async ({ event }) => eventSwitch.handle(world.deps, 'dingtalk', event),
    () => {},
  );
});
const world = useWorld({ platforms });
beforeEach(async () => {
  world.clock.set(new Date());
  for (const { name } of platforms) await syncMembers(world.deps, name);
  const member = await world.deps.db.member.findFirstOrThrow({
    where: { identities: { some: { platform: 'dingtalk', key: user } } },
  });
  as = await callerOf(world.deps, member);
});
afterAll(async () => {
  await stream?.close();
  await sandbox.close();
});

/** What the phone shows under this title: whether it is ticked, and where it leads. */
const onPhone = async (title: string) => (await sandbox.phone(user)).todos.filter((todo) => todo.title === title);
const make = async (title: string) => {
  const task = await createTask(world.deps, as, { title, dueAt: new Date(Date.now() + 3_600_000) });
  await world.jobs.drain();
  return task;
};

test('the people of both messengers are found to be the same', async () => {
  const accounts = await world.deps.db.memberIdentity.findMany();
  const platformsOf = Map.groupBy(accounts, ({ memberId }) => memberId);
  const onDingtalk = [...platformsOf.values()].filter((mine) => mine.some(({ platform }) => platform === 'dingtalk'));
  expect(onDingtalk.length).toBeGreaterThan(3);
  for (const mine of onDingtalk) expect(mine.map(({ platform }) => platform).toSorted()).toEqual(['dingtalk', 'wecom']);
});

test('a task goes to the phone, and ticked there it is done', async () => {
  const task = await make('发报价');
  const [todo, ...more] = await onPhone('发报价');
  expect(more).toEqual([]);
  expect(todo).toMatchObject({ isDone: false, url: expect.stringContaining(`#/tasks/${task.id}`) });

  await sandbox.act({ kind: 'complete_todo', user, todo: todo?.todo ?? '', done: true });
  const state = async () => (await world.deps.db.task.findUniqueOrThrow({ where: { id: task.id } })).state;
  await expect.poll(state).toBe('done');
});

test('done or cancelled here, it is ticked or gone there', async () => {
  const done = await make('寄样品');
  const cancelled = await make('回电');
  await changeTask(world.deps, as, done, complete);
  await changeTask(world.deps, as, cancelled, cancel);
  await world.jobs.drain();
  expect(await onPhone('寄样品')).toMatchObject([{ isDone: true }]);
  expect(await onPhone('回电')).toEqual([]);
});
