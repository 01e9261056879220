import { beforeEach, describe, expect, test } from 'vitest';
import { cancelBroadcast } from '#server/broadcast/cancel-broadcast.ts';
import { pauseBroadcast, resumeBroadcast } from '#server/broadcast/pause-broadcast.ts';
import { remindMembers } from '#server/broadcast/remind-members.ts';
import { sendDeliveries } from '#server/broadcast/send-deliveries.ts';
import { sweepBroadcasts } from '#server/broadcast/sweep-broadcasts.ts';
import { callerOf } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import {
  approvedBroadcast,
  deliveriesOf,
  endsOf,
  livingIn,
  makeSender,
  neverQuiet,
  onceEach,
  readBroadcast,
  sendsOf,
  timesSent,
  touchesOf,
  type Approved,
} from './sending.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const wecom = { platform: 'wecom' };

beforeEach(async () => {
  platform.reset();
  platform.now = world.deps.now;
  await neverQuiet(world.deps);
});

const live = livingIn(world, MINUTE_MS);

const threeSenders = async () => [
  await makeSender(world.deps, platform, 'chen', 2),
  await makeSender(world.deps, platform, 'lin', 2),
  await makeSender(world.deps, platform, 'wang', 2),
];
const ownerOf = ({ owner }: Approved) => callerOf(world.deps, owner);

/** Runs `meanwhile` while the call for the first delivery is under way. */
async function whileFirstLeaves(meanwhile: () => Promise<unknown>): Promise<void> {
  const release = platform.hold('groupSends.start');
  const sending = sendDeliveries(world.deps, wecom);
  await expect.poll(() => platform.called('groupSends.start').length).toBe(1);
  await meanwhile();
  release();
  await sending;
}

describe('Pausing', () => {
  test('in mid-send lets the call that is on its way arrive and no further one leave, until it is resumed', async () => {
    const senders = await threeSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    const caller = await ownerOf(broadcast);
    await whileFirstLeaves(() => pauseBroadcast(world.deps, caller, broadcast));
    await live(5 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['asked', 'due', 'due']);
    expect((await readBroadcast(world.deps, broadcast)).state).toBe('sending');

    await resumeBroadcast(world.deps, caller, broadcast);
    await world.jobs.drain();
    expect(timesSent(platform)).toEqual(onceEach(senders));
    expect(await readBroadcast(world.deps, broadcast)).toMatchObject({ state: 'running', pausedAt: null });
  });

  test('does not keep results from coming', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    await whileFirstLeaves(async () => pauseBroadcast(world.deps, await ownerOf(broadcast), broadcast));
    sendsOf(platform).confirm('send-1');
    await live(3 * MINUTE_MS);
    expect(await endsOf(world.deps, broadcast)).toMatchObject({ 'chen-contact-0': 'delivered' });
  });
});

test('A broadcast whose row cannot be read does not keep the others from coming to their end', async () => {
  const first = await approvedBroadcast(world.deps, [await makeSender(world.deps, platform, 'chen', 1)]);
  const second = await approvedBroadcast(world.deps, [await makeSender(world.deps, platform, 'lin', 1)]);
  await world.deps.db.broadcast.update({
    where: { id: first.id },
    data: { state: 'sending', confirmBy: world.deps.now(), audience: { holdOutPercent: 'all' } },
  });
  await world.deps.db.broadcastDelivery.updateMany({ where: { broadcastId: second.id }, data: { state: 'cancelled' } });
  await world.deps.db.broadcast.update({ where: { id: second.id }, data: { state: 'running' } });
  await sweepBroadcasts(world.deps);
  expect((await readBroadcast(world.deps, second)).state).toBe('finished');
});

describe('Cancelling', () => {
  test('half way: nothing more leaves, who has not confirmed no longer can, what was delivered stays', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    await whileFirstLeaves(async () => pauseBroadcast(world.deps, await ownerOf(broadcast), broadcast));
    await resumeBroadcast(world.deps, await ownerOf(broadcast), broadcast);
    await whileSecondWaits();
    sendsOf(platform).confirm('send-1');
    const cancelled = await cancelBroadcast(world.deps, await ownerOf(broadcast), { ...broadcast, reason: '价格有误' });
    expect(cancelled).toMatchObject({ state: 'cancelled', cancelReason: '价格有误' });
    await world.jobs.drain();
    await live(5 * MINUTE_MS);

    expect(platform.called('groupSends.start')).toHaveLength(2);
    expect([...sendsOf(platform).sends.values()].map(({ isCancelled }) => isCancelled)).toEqual([true, true]);
    expect(await endsOf(world.deps, broadcast)).toEqual({
      'chen-contact-0': 'delivered',
      'chen-contact-1': 'delivered',
      'lin-contact-0': 'failed cancelled',
      'lin-contact-1': 'failed cancelled',
      'wang-contact-0': 'failed cancelled',
      'wang-contact-1': 'failed cancelled',
    });
    expect(await touchesOf(world.deps, broadcast)).toEqual({ delivered: 2 });
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual([
      'final',
      'final',
      'cancelled',
    ]);
    const { state, finishedAt } = await readBroadcast(world.deps, broadcast);
    expect([state, finishedAt === null], 'all of it is known').toEqual(['cancelled', false]);
  });

  /** The second call leaves, and the third waits for a platform that is too busy. */
  async function whileSecondWaits(): Promise<void> {
    const release = platform.hold('groupSends.start');
    const sending = world.jobs.drain();
    await expect.poll(() => platform.called('groupSends.start').length).toBe(2);
    await world.deps.db.broadcastDelivery.updateMany({
      where: { state: 'due' },
      data: { nextAttemptAt: new Date(world.deps.now().getTime() + DAY_MS) },
    });
    release();
    await sending;
  }

  test('takes back what was on its way at that moment as soon as the platform has it', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    const caller = await ownerOf(broadcast);
    await whileFirstLeaves(() => cancelBroadcast(world.deps, caller, { ...broadcast, reason: '' }));
    await live(2 * MINUTE_MS);
    expect(platform.called('groupSends.start')).toHaveLength(1);
    expect(sendsOf(platform).sends.get('send-1')?.isCancelled).toBe(true);
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['failed cancelled']));
    expect(await touchesOf(world.deps, broadcast)).toEqual({});
  });

  test('takes back what is found only later, and never sends what is not', async () => {
    const senders = await threeSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    platform.loseAnswer('groupSends.start');
    platform.fail('groupSends.start', 'unknown');
    await sendDeliveries(world.deps, wecom);
    await cancelBroadcast(world.deps, await ownerOf(broadcast), { ...broadcast, reason: '' });
    await live(25 * MINUTE_MS);
    expect(platform.called('groupSends.start')).toHaveLength(3);
    expect([...sendsOf(platform).sends.values()].map(({ isCancelled }) => isCancelled)).toEqual([true, true]);
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['failed cancelled']));
    expect((await readBroadcast(world.deps, broadcast)).finishedAt).not.toBeNull();
  });

  test('goes on at the platform until it has taken it, also while it is too busy', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    await sendDeliveries(world.deps, wecom);
    platform.fail('groupSends.cancel', 'rate_limited', { code: '45009', retryAfterMs: 60_000, times: 3 });
    await cancelBroadcast(world.deps, await ownerOf(broadcast), { ...broadcast, reason: '' });
    await live(30 * MINUTE_MS);
    expect([...sendsOf(platform).sends.values()].map(({ isCancelled }) => isCancelled)).toEqual([true, true, true]);
    expect(platform.called('groupSends.cancel')).toHaveLength(6);
  });

  test('is refused to members who have no part in it, and a second time', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    const [stranger] = broadcast.senders;
    if (!stranger) throw new Error('There is nobody.');
    const rep = await callerOf(world.deps, stranger.member);
    await expect(cancelBroadcast(world.deps, rep, { ...broadcast, reason: '' })).rejects.toMatchObject({
      code: 'broadcast.not_yours',
    });
    const caller = await ownerOf(broadcast);
    await cancelBroadcast(world.deps, caller, { ...broadcast, reason: '' });
    await expect(cancelBroadcast(world.deps, caller, { ...broadcast, reason: '' })).rejects.toMatchObject({
      code: 'broadcast.state',
    });
    expect(platform.called('groupSends.start')).toHaveLength(0);
  });
});

describe('Reminding', () => {
  test('goes to whoever has not confirmed, as often in a day as the platform allows, and never twice for one press', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    await sendDeliveries(world.deps, wecom);
    sendsOf(platform).confirm('send-3');
    await live(2 * MINUTE_MS);
    const caller = await ownerOf(broadcast);
    for (let n = 0; n < 3; n++) {
      expect(await remindMembers(world.deps, caller, broadcast)).toEqual({ reminded: 2, tooOften: 0 });
      expect(await remindMembers(world.deps, caller, broadcast), 'sent again').toEqual({ reminded: 0, tooOften: 2 });
      world.clock.advance(30 * MINUTE_MS);
    }
    expect(await remindMembers(world.deps, caller, broadcast)).toEqual({ reminded: 0, tooOften: 2 });
    expect(platform.called('groupSends.remind'), 'not even asked for').toHaveLength(6);
    world.clock.advance(DAY_MS + MINUTE_MS);
    expect(await remindMembers(world.deps, caller, broadcast)).toEqual({ reminded: 2, tooOften: 0 });
  });

  test('counts what the platform counted otherwise, and waits when it is too busy', async () => {
    const broadcast = await approvedBroadcast(world.deps, await threeSenders());
    await sendDeliveries(world.deps, wecom);
    const caller = await ownerOf(broadcast);
    platform.fail('groupSends.remind', 'rejected', { code: '41094' });
    expect(await remindMembers(world.deps, caller, broadcast)).toEqual({ reminded: 2, tooOften: 1 });
    world.clock.advance(30 * MINUTE_MS);
    platform.fail('groupSends.remind', 'rate_limited', { code: '45009', retryAfterMs: 60_000 });
    await expect(remindMembers(world.deps, caller, broadcast)).rejects.toMatchObject({ status: 429 });
    await expect(remindMembers(world.deps, caller, broadcast)).rejects.toMatchObject({ status: 429 });
    expect(platform.called('groupSends.remind'), 'the second was not asked for').toHaveLength(4);
    world.clock.advance(2 * MINUTE_MS);
    expect(await remindMembers(world.deps, caller, broadcast)).toEqual({ reminded: 3, tooOften: 0 });
  });
});
