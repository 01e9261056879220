import { beforeEach, describe, expect, test } from 'vitest';
import { hurryResults } from '#server/broadcast/hurry-results.ts';
import { sendDeliveries } from '#server/broadcast/send-deliveries.ts';
import { sweepBroadcasts } from '#server/broadcast/sweep-broadcasts.ts';
import { syncResults } from '#server/broadcast/sync-results.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import {
  approvedBroadcast,
  deliveriesOf,
  endsOf,
  livingIn,
  makeSender,
  neverQuiet,
  readBroadcast,
  sendsOf,
  touchesOf,
} from './sending.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const wecom = { platform: 'wecom' };

beforeEach(async () => {
  platform.reset();
  platform.now = world.deps.now;
  await neverQuiet(world.deps);
});

const live = livingIn(world, MINUTE_MS);

async function sentToThree() {
  const senders = [await makeSender(world.deps, platform, 'lin', 3), await makeSender(world.deps, platform, 'wang', 2)];
  const broadcast = await approvedBroadcast(world.deps, senders);
  await sendDeliveries(world.deps, wecom);
  world.clock.advance(15_000);
  return broadcast;
}

describe('What became of a broadcast', () => {
  test('is known once members confirm: delivered, not connected, over the platform’s own quota', async () => {
    const broadcast = await sentToThree();
    await live(10 * MINUTE_MS);
    expect(await touchesOf(world.deps, broadcast), 'every day is kept free while they may confirm').toEqual({
      reserved: 5,
    });
    const sends = sendsOf(platform);
    sends.confirm('send-1');
    sends.settle('send-1', 'lin-contact-1', 'not_connected');
    sends.settle('send-1', 'lin-contact-2', 'over_quota');
    await live(10 * MINUTE_MS);
    expect(await endsOf(world.deps, broadcast)).toEqual({
      'lin-contact-0': 'delivered',
      'lin-contact-1': 'failed not_connected',
      'lin-contact-2': 'failed over_quota',
      'wang-contact-0': 'asked',
      'wang-contact-1': 'asked',
    });
    expect(await touchesOf(world.deps, broadcast)).toEqual({ delivered: 1, reserved: 2 });
    expect((await readBroadcast(world.deps, broadcast)).state).toBe('running');

    sends.confirm('send-2');
    await live(2 * HOUR_MS, 10 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['final', 'final']);
    const { state, finishedAt } = await readBroadcast(world.deps, broadcast);
    expect([state, finishedAt === null]).toEqual(['finished', false]);
    const notices = await world.deps.db.notice.findMany({ where: { memberId: broadcast.owner.id } });
    expect(notices.map(({ key }) => key)).toEqual([`broadcast-finished:${broadcast.id}`]);
  });

  test('comes in parts, late and more than once, and counts once', async () => {
    const broadcast = await sentToThree();
    const sends = sendsOf(platform);
    sends.confirm('send-1', 'waiting');
    sends.settle('send-1', 'lin-contact-0', 'delivered');
    await live(5 * MINUTE_MS);
    const [first] = await world.deps.db.contactTouch.findMany({
      where: { broadcastId: broadcast.id, state: 'delivered' },
    });
    expect(first).toMatchObject({ fromDay: new Date('2026-03-01'), untilDay: new Date('2026-03-01') });
    world.clock.advance(24 * HOUR_MS);
    sends.settle('send-1', 'lin-contact-1', 'delivered');
    // The same again and otherwise: what was said first stays.
    sends.settle('send-1', 'lin-contact-0', 'over_quota');
    await syncResults(world.deps, wecom);
    await syncResults(world.deps, wecom);
    expect(await endsOf(world.deps, broadcast)).toMatchObject({
      'lin-contact-0': 'delivered',
      'lin-contact-1': 'delivered',
      'lin-contact-2': 'asked',
    });
    sends.settle('send-1', 'lin-contact-2', 'not_connected');
    await live(3 * HOUR_MS, 30 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast))[0]?.state).toBe('final');
    expect(await touchesOf(world.deps, broadcast)).toEqual({ delivered: 2, reserved: 2 });
  });

  test('is asked often at first and seldom later', async () => {
    await sentToThree();
    const asked = () => platform.called('groupSends.confirmations').length;
    await live(10 * MINUTE_MS, 15_000);
    expect(asked()).toBeGreaterThan(12);
    await live(24 * HOUR_MS, 10 * MINUTE_MS);
    const before = asked();
    await live(5 * HOUR_MS, 10 * MINUTE_MS);
    expect(asked() - before).toBeLessThanOrEqual(12);
  });

  test('of members who did not confirm in time is that they did not: they can no longer', async () => {
    const broadcast = await sentToThree();
    sendsOf(platform).confirm('send-2');
    await live(3 * 24 * HOUR_MS, 2 * HOUR_MS);
    await live(2 * HOUR_MS, 30 * MINUTE_MS);
    expect(sendsOf(platform).sends.get('send-1')?.isCancelled, 'taken back at the platform').toBe(true);
    expect(platform.called('groupSends.cancel')).toEqual([['send-1']]);
    expect(await endsOf(world.deps, broadcast)).toMatchObject({
      'lin-contact-0': 'failed not_confirmed',
      'wang-contact-0': 'delivered',
    });
    expect(await touchesOf(world.deps, broadcast)).toEqual({ delivered: 2 });
    expect((await readBroadcast(world.deps, broadcast)).state).toBe('finished');
  });

  test('of members who did not confirm in time is so from that minute on, however seldom they are asked about by then', async () => {
    await sentToThree();
    const before = 20 * MINUTE_MS;
    world.clock.advance(3 * 24 * HOUR_MS - before - 15_000);
    await sweepBroadcasts(world.deps);
    await world.jobs.drain();
    expect(platform.called('groupSends.cancel')).toHaveLength(0);
    await live(before);
    expect(platform.called('groupSends.cancel')).toHaveLength(2);
  });

  test('of a member who confirmed in the last moment, before it was taken back, is what the contacts got', async () => {
    const broadcast = await sentToThree();
    world.clock.advance(3 * 24 * HOUR_MS + MINUTE_MS);
    sendsOf(platform).confirm('send-1');
    await live(5 * MINUTE_MS);
    expect(await endsOf(world.deps, broadcast)).toMatchObject({
      'lin-contact-0': 'delivered',
      'wang-contact-0': 'failed not_confirmed',
    });
  });

  test('that the platform never says is called unanswered when its results no longer change', async () => {
    const broadcast = await sentToThree();
    sendsOf(platform).confirm('send-1', 'waiting');
    sendsOf(platform).confirm('send-2');
    await live(10 * MINUTE_MS);
    world.clock.advance(31 * 24 * HOUR_MS);
    await live(5 * MINUTE_MS);
    expect(await endsOf(world.deps, broadcast)).toMatchObject({
      'lin-contact-0': 'failed unanswered',
      'wang-contact-0': 'delivered',
    });
    expect((await readBroadcast(world.deps, broadcast)).state).toBe('finished');
  });

  test('is asked again when the platform has a bad day', async () => {
    const broadcast = await sentToThree();
    for (const kind of ['unavailable', 'unknown', 'not_found', 'forbidden'] as const)
      platform.fail('groupSends.confirmations', kind, { times: 2 });
    platform.fail('groupSends.results', 'unavailable', { times: 3 });
    sendsOf(platform).confirm('send-1');
    sendsOf(platform).confirm('send-2');
    await live(2 * HOUR_MS, 2 * MINUTE_MS);
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['delivered']));
  });

  test('two processes that ask at once count it once', async () => {
    const broadcast = await sentToThree();
    sendsOf(platform).confirm('send-1');
    sendsOf(platform).confirm('send-2');
    await Promise.all([syncResults(world.deps, wecom), syncResults(world.deps, wecom), syncResults(world.deps, wecom)]);
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['delivered']));
    expect(await touchesOf(world.deps, broadcast)).toEqual({ delivered: 5 });
  });

  test('is asked for at once when somebody looks, and not again a moment later', async () => {
    const broadcast = await sentToThree();
    await live(30 * MINUTE_MS);
    world.clock.advance(20_000);
    sendsOf(platform).confirm('send-1');
    const asked = () => platform.called('groupSends.confirmations').length;
    const before = asked();
    await hurryResults(world.deps, broadcast.id);
    await world.jobs.drain();
    expect(asked()).toBeGreaterThan(before);
    expect(Object.values(await endsOf(world.deps, broadcast))).toContain('delivered');
    const after = asked();
    await hurryResults(world.deps, broadcast.id);
    await world.jobs.drain();
    expect(asked()).toBe(after);
  });
});
