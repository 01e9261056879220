import { beforeEach, expect, test } from 'vitest';
import { noteOptOut } from '#server/broadcast/note-opt-out.ts';
import { sendDeliveries } from '#server/broadcast/send-deliveries.ts';
import { sweepBroadcasts } from '#server/broadcast/sweep-broadcasts.ts';
import { viewResults } from '#server/broadcast/view-results.ts';
import { setOptOut } from '#server/contact/opt-out.ts';
import { callerOf } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { approvedBroadcast, makeSender, neverQuiet, sendsOf, type Approved } from './sending.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });

beforeEach(async () => {
  platform.reset();
  platform.now = world.deps.now;
  await neverQuiet(world.deps);
});

async function noticesOf({ senders, owner }: Approved): Promise<{ member: number; owner: number }> {
  const count = (memberId: string) =>
    world.deps.db.notice.count({ where: { memberId, key: { startsWith: 'late-opt-out:' } } });
  return { member: await count(senders[0]?.member.id ?? ''), owner: await count(owner.id) };
}

async function optOutOfFirst({ senders, owner }: Approved): Promise<string> {
  const contactId = senders[0]?.contacts[0]?.id ?? '';
  await setOptOut(world.deps, await callerOf(world.deps, owner), contactId, { optedOut: true, reason: '来电' });
  await world.jobs.drain();
  return contactId;
}

test('a member who has not confirmed is told once that somebody in it opted out, and so is the owner, who sees it with the results', async () => {
  const broadcast = await approvedBroadcast(world.deps, [await makeSender(world.deps, platform, 'lin', 3)]);
  await sendDeliveries(world.deps, { platform: 'wecom' });
  const contactId = await optOutOfFirst(broadcast);
  await noteOptOut(world.deps, { contactId });
  expect(await noticesOf(broadcast)).toEqual({ member: 1, owner: 1 });
  expect((await viewResults(world.deps, broadcast.id)).concerns).toEqual({ optedOut: 1, unsure: 0 });
});

test('of what a member confirmed already nobody is told, since nothing can be decided any more', async () => {
  const broadcast = await approvedBroadcast(world.deps, [await makeSender(world.deps, platform, 'lin', 3)]);
  await sendDeliveries(world.deps, { platform: 'wecom' });
  sendsOf(platform).confirm('send-1');
  world.clock.advance(60_000);
  await sweepBroadcasts(world.deps);
  await world.jobs.drain();
  await optOutOfFirst(broadcast);
  expect(await noticesOf(broadcast)).toEqual({ member: 0, owner: 0 });
  expect((await viewResults(world.deps, broadcast.id)).concerns).toEqual({ optedOut: 0, unsure: 0 });
});

test('whom a call without an answer was for is said with the results, and their member is not said to wait', async () => {
  const broadcast = await approvedBroadcast(world.deps, [await makeSender(world.deps, platform, 'lin', 3)]);
  platform.fail('groupSends.start', 'unknown');
  await sendDeliveries(world.deps, { platform: 'wecom' });
  const { concerns, members } = await viewResults(world.deps, broadcast.id);
  expect(concerns).toEqual({ optedOut: 0, unsure: 3 });
  expect(members.map(({ state }) => state)).toEqual(['unsure']);
});
