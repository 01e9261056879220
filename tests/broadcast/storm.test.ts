import { beforeEach, describe, expect, test } from 'vitest';
import { sendDeliveries } from '#server/broadcast/send-deliveries.ts';
import { sweepBroadcasts } from '#server/broadcast/sweep-broadcasts.ts';
import { cancelBroadcast } from '#server/broadcast/cancel-broadcast.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { callerOf } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { approvedBroadcast, endsOf, makeSender, neverQuiet, onceEach, sendsOf, timesSent } from './sending.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const wecom = { platform: 'wecom' };

beforeEach(async () => {
  platform.reset();
  platform.now = world.deps.now;
  await neverQuiet(world.deps);
});

type Call = 'start' | 'confirmations' | 'results' | 'cancel';

const often = 15 * SECOND_MS;

/** The clock runs in steps, the sweep and two processes with it; answers when calls of this kind were made. */
async function live(
  call: Call,
  forMs: number,
  { stepMs = MINUTE_MS, eachStep = async () => {} }: { stepMs?: number; eachStep?: () => Promise<unknown> } = {},
): Promise<number[]> {
  const times: number[] = [];
  for (let passed = 0; passed < forMs; passed += stepMs) {
    world.clock.advance(stepMs);
    const before = platform.called(`groupSends.${call}`).length;
    await Promise.all([sweepBroadcasts(world.deps), sweepBroadcasts(world.deps), sendDeliveries(world.deps, wecom)]);
    await world.jobs.drain();
    await eachStep();
    const made = platform.called(`groupSends.${call}`).length - before;
    for (let n = 0; n < made; n++) times.push(world.deps.now().getTime());
  }
  return times;
}

function expectOneProbeAMinute(times: number[], since: number): void {
  const all = [since, ...times];
  const gaps = times.map((time, at) => time - (all[at] ?? 0));
  expect(
    gaps.filter((gap) => gap < MINUTE_MS),
    'calls less than a minute after the one before',
  ).toEqual([]);
  expect(times.length, 'it was tried now and then').toBeGreaterThanOrEqual(4);
}

const senders = async () => [
  await makeSender(world.deps, platform, 'chen', 2),
  await makeSender(world.deps, platform, 'lin', 2),
  await makeSender(world.deps, platform, 'wang', 2),
];

describe.each([
  { code: '45009', retryAfterMs: 60_000 },
  { code: '45033', retryAfterMs: 1000 },
])('Half an hour of $code', ({ code, retryAfterMs }) => {
  test('costs one call a minute at most, nothing is lost and nobody gets it twice; everybody else goes on working', async () => {
    const all = await senders();
    const broadcast = await approvedBroadcast(world.deps, all, { batch: 1 });
    platform.fail('groupSends.start', 'rate_limited', { code, retryAfterMs, times: 1000 });
    await sendDeliveries(world.deps, wecom);
    expect(platform.called('groupSends.start'), 'the first no is enough').toHaveLength(1);

    let told = 0;
    const since = world.deps.now().getTime();
    const eachStep = async () => {
      told += 1;
      const notice = { key: `other-${told}`, memberId: all[0]?.member.id ?? '', text: '待办到期', path: '/' };
      await insertNotices(world.deps.db, world.deps.cipher, [notice], world.deps.now());
      await nudgeNotices(world.deps, [notice.key]);
      await world.jobs.drain();
      expect(platform.notices.filter(({ text }) => text === '待办到期')).toHaveLength(told);
    };
    const times = await live('start', 30 * MINUTE_MS, { stepMs: often, eachStep });
    expectOneProbeAMinute(times, since);

    platform.endFaults();
    await live('start', 20 * MINUTE_MS);
    expect(timesSent(platform)).toEqual(onceEach(all));
    for (const key of sendsOf(platform).sends.keys()) sendsOf(platform).confirm(key);
    await live('start', 10 * MINUTE_MS);
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['delivered']));
  });
});

test('A probe that gets no answer is followed by the next a minute later', async () => {
  const all = await senders();
  await approvedBroadcast(world.deps, all);
  platform.fail('groupSends.start', 'rate_limited', { code: '45009', retryAfterMs: 60_000 });
  platform.fail('groupSends.start', 'unavailable', { times: 3 });
  await sendDeliveries(world.deps, wecom);
  const times = await live('start', 30 * MINUTE_MS, { stepMs: often });
  const [first = 0, second = 0, third = 0, fourth = 0] = times;
  expect(Math.min(second - first, third - second, fourth - third)).toBeGreaterThanOrEqual(MINUTE_MS);
  expect(timesSent(platform)).toEqual(onceEach(all));
});

test.each(['confirmations', 'results', 'cancel'] as const)(
  'A storm over %s costs one call a minute at most, too, and all of it becomes known',
  async (call) => {
    const broadcast = await approvedBroadcast(world.deps, await senders());
    await sendDeliveries(world.deps, wecom);
    for (const key of sendsOf(platform).sends.keys()) if (call === 'results') sendsOf(platform).confirm(key);
    platform.fail(`groupSends.${call}`, 'rate_limited', { code: '45009', retryAfterMs: MINUTE_MS, times: 1000 });
    const owner = await callerOf(world.deps, broadcast.owner);
    if (call === 'cancel') await cancelBroadcast(world.deps, owner, { ...broadcast, reason: '' });
    const times = await live(call, 30 * MINUTE_MS, { stepMs: often });
    expectOneProbeAMinute(times, 0);

    platform.endFaults();
    await live(call, 20 * MINUTE_MS);
    if (call === 'confirmations') {
      for (const key of sendsOf(platform).sends.keys()) sendsOf(platform).confirm(key);
      await live(call, 10 * MINUTE_MS);
    }
    const end = call === 'cancel' ? 'failed cancelled' : 'delivered';
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set([end]));
  },
);
