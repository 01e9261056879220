import { beforeEach, describe, expect, test } from 'vitest';
import { changeTask } from '#server/task/change-task.ts';
import { createTask } from '#server/task/create-task.ts';
import { remindDueTasks } from '#server/task/remind-due-tasks.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { sendNotice } from '#server/notice/send-notice.ts';
import { sweepNotices } from '#server/notice/sweep-notices.ts';
import { complete, snooze } from '#server/task/task.ts';
import type { TaskView } from '#server/task/task-api.ts';
import { callerOf, makeContact, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const office = new FakePlatform('dingtalk');
Object.assign(office, { capabilities: { ...office.capabilities, sidebar: false } });
const world = useWorld({ platforms: [office, platform] });
const due = new Date('2026-03-01T10:00:00.000Z');
let made = 0;

beforeEach(() => {
  platform.reset();
  office.reset();
});

async function dueTask(): Promise<{ task: TaskView; as: Awaited<ReturnType<typeof callerOf>> }> {
  const { deps } = world;
  made += 1;
  const key = `rep-${made}`;
  const rep = await makeMember(deps, { key });
  platform.addMember(key);
  const contact = await makeContact(deps, { followedBy: [rep], name: '陈女士', key: `wm/${made}` });
  const as = await callerOf(deps, rep);
  const task = await createTask(deps, as, { title: '发报价', contactId: contact.id, dueAt: due });
  return { task, as };
}

const notice = async () => {
  const [row, ...more] = await world.deps.db.notice.findMany();
  expect(more).toEqual([]);
  return row;
};

describe('a reminder', () => {
  test('comes at the due time, once, and leads to the contact', async () => {
    await dueTask();
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toEqual([]);

    world.clock.set(due);
    for (let n = 0; n < 3; n += 1) {
      await remindDueTasks(world.deps);
      await world.jobs.drain();
      await sweepNotices(world.deps);
      await world.jobs.drain();
    }
    expect(platform.notices).toEqual([
      {
        to: `rep-${made}`,
        text: '跟进提醒：发报价\n客户：陈女士\n到期：2026-03-01 18:00',
        url: `http://zhike.test/sidebar.html?contact=wm%2F${made}`,
      },
    ]);
    expect(await notice()).toMatchObject({ state: 'sent', attempts: 1 });
  });

  test('is written once by however many processes at one time', async () => {
    await dueTask();
    world.clock.set(due);
    await Promise.all(Array.from({ length: 5 }, () => remindDueTasks(world.deps)));
    const { key } = (await notice()) ?? { key: '' };
    await Promise.all(Array.from({ length: 5 }, () => sendNotice(world.deps, { key })));
    expect(platform.notices).toHaveLength(1);
  });

  test('does not come for a task that is done, and comes again for one put off', async () => {
    const { task, as } = await dueTask();
    const moved = await changeTask(world.deps, as, task, (found, now) =>
      snooze(found, new Date('2026-03-01T12:00:00.000Z'), now),
    );
    world.clock.set(due);
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toEqual([]);

    world.clock.set('2026-03-01T12:00:00.000Z');
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toHaveLength(1);

    const again = await changeTask(world.deps, as, moved, (found, now) =>
      snooze(found, new Date('2026-03-01T14:00:00.000Z'), now),
    );
    await changeTask(world.deps, as, again, complete);
    world.clock.set('2026-03-01T14:00:00.000Z');
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toHaveLength(1);
  });

  test('that may have arrived is not sent again', async () => {
    await dueTask();
    world.clock.set(due);
    platform.loseAnswer('sendNotice');
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    world.clock.advance(3_600_000);
    await sweepNotices(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toHaveLength(1);
    expect(await notice()).toMatchObject({ state: 'unknown' });
  });

  test('whose sender died in the middle is not sent again', async () => {
    await dueTask();
    world.clock.set(due);
    await remindDueTasks(world.deps);
    await world.deps.db.notice.updateMany({ data: { state: 'sending', claimedAt: due } });
    world.clock.advance(6 * 60_000);
    await sweepNotices(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toEqual([]);
    expect(await notice()).toMatchObject({ state: 'unknown' });
  });

  test.each(['unavailable', 'rate_limited', 'forbidden'] as const)(
    'that certainly did not leave (%s) is sent later',
    async (kind) => {
      await dueTask();
      world.clock.set(due);
      platform.fail('sendNotice', kind);
      await remindDueTasks(world.deps);
      await world.jobs.drain().catch(() => {});
      expect(await notice()).toMatchObject({ state: 'waiting', attempts: 1 });
      world.clock.advance(60_000);
      await sweepNotices(world.deps);
      await world.jobs.drain();
      expect(platform.notices).toHaveLength(1);
      expect(await notice()).toMatchObject({ state: 'sent', attempts: 2 });
    },
  );

  test('whose job was lost is found by the sweep', async () => {
    await dueTask();
    world.clock.set(due);
    await remindDueTasks(world.deps);
    world.jobs.clear();
    await sweepNotices(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toHaveLength(1);
  });

  test('a day late is not sent at all', async () => {
    await dueTask();
    world.clock.set(due);
    await remindDueTasks(world.deps);
    world.jobs.clear();
    world.clock.advance(25 * 3_600_000);
    await sweepNotices(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toEqual([]);
    expect(await notice()).toMatchObject({ state: 'failed' });
  });

  test('for a member who left is not sent', async () => {
    const { as } = await dueTask();
    await world.deps.db.member.update({ where: { id: as.memberId }, data: { status: 'left' } });
    world.clock.set(due);
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    expect(platform.notices).toEqual([]);
    expect(await notice()).toMatchObject({ state: 'failed' });
  });

  test('that came to an end is forgotten after a quarter', async () => {
    await dueTask();
    world.clock.set(due);
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    for (const [days, left] of [
      [89, 1],
      [2, 0],
    ] as const) {
      world.clock.advance(days * 24 * 3_600_000);
      await sweepNotices(world.deps);
      expect(await world.deps.db.notice.count()).toBe(left);
    }
  });

  test('the platform does not deliver is marked as failed', async () => {
    await dueTask();
    platform.unreachable.add(`rep-${made}`);
    world.clock.set(due);
    await remindDueTasks(world.deps);
    await world.jobs.drain();
    expect(await notice()).toMatchObject({ state: 'failed' });
  });
});

describe('a member on two messengers', () => {
  async function onBoth(path: string) {
    const member = await makeMember(world.deps, { key: 'rep' });
    await world.deps.db.memberIdentity.create({ data: { platform: 'dingtalk', key: 'u1', memberId: member.id } });
    platform.addMember('rep');
    office.addMember('u1');
    await insertNotices(
      world.deps.db,
      world.deps.cipher,
      [{ key: 'n', memberId: member.id, text: '看', path }],
      world.deps.now(),
    );
  }
  const sent = () => [office.notices.length, platform.notices.length];

  test('is told of what opens the sidebar where there is one, and of the rest on the first', async () => {
    await onBoth('/sidebar.html?contact=wm1');
    await sendNotice(world.deps, { key: 'n' });
    expect(sent()).toEqual([0, 1]);
  });

  test('is told once on the other when the one does not reach them', async () => {
    await onBoth('/inbox.html');
    office.unreachable.add('u1');
    await sendNotice(world.deps, { key: 'n' });
    expect(sent()).toEqual([0, 1]);
    expect(await notice()).toMatchObject({ state: 'sent' });
  });

  test('is not told through an account that is gone', async () => {
    await onBoth('/inbox.html');
    await world.deps.db.memberIdentity.updateMany({ where: { key: 'u1' }, data: { leftAt: world.deps.now() } });
    await sendNotice(world.deps, { key: 'n' });
    expect(sent()).toEqual([0, 1]);
  });
});
