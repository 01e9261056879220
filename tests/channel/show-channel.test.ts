import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { getChannel } from '#server/channel/channel-store.ts';
import { archiveChannel, editChannel } from '#server/channel/save-channel.ts';
import { showChannel } from '#server/channel/show-channel.ts';
import { sweepChannels } from '#server/channel/sweep-channels.ts';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import { makeContact, makeFollow } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { always, draftOf, hire, openChannel, shift } from './channel-world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let lin: Member;
let wu: Member;

beforeEach(async () => {
  platform.reset();
  [lin, wu] = (await hire(world.deps, platform, 'lin', 'wu')) as [Member, Member];
});

const codes = () => [...(platform.channels?.codes.values() ?? [])];
const links = () => [...(platform.channels?.links.values() ?? [])];
const read = (id: string) => getChannel(world.deps.db, id);

async function minute(): Promise<void> {
  world.clock.advance(MINUTE_MS);
  await sweepChannels(world.deps);
  await world.jobs.drain();
}

async function opened(...given: Parameters<typeof openChannel> extends [unknown, ...infer Rest] ? Rest : never) {
  const made = await openChannel(world.deps, ...given);
  await world.jobs.drain();
  return { ...made, channel: await read(made.channel.id) };
}

test('a new channel gets a code that leads to who is on duty, and its picture can be shown', async () => {
  const { channel } = await opened(always(lin, wu));
  expect(codes()).toMatchObject([{ members: ['lin', 'wu'], state: channel.state, note: '春季展会', skipVerify: true }]);
  expect(channel).toMatchObject({
    shownState: 'shown',
    key: 'code-1',
    url: 'https://fake.test/codes/code-1.png',
    onDuty: [lin.id, wu.id],
    lastError: null,
  });
});

test('a link carries the state, so that who opens it is known', async () => {
  const { channel } = await opened(always(lin), { kind: 'link' });
  expect(links()).toMatchObject([{ members: ['lin'], skipVerify: true }]);
  expect(channel.url).toBe(`https://fake.test/links/link-1?state=${channel.state}`);
});

test('many workers make one code', async () => {
  const { channel } = await openChannel(world.deps, always(lin));
  await Promise.all(Array.from({ length: 8 }, () => showChannel(world.deps, { channelId: channel.id })));
  expect(platform.called('channels.createCode')).toHaveLength(1);
});

test.each(['code', 'link'] as const)('a %s that was made and not heard of is found, not made again', async (kind) => {
  platform.loseAnswer(kind === 'code' ? 'channels.createCode' : 'channels.createLink');
  const { channel } = await opened(always(lin), { kind });
  expect(channel).toMatchObject({
    shownState: 'owed',
    key: null,
    lastError: expect.stringContaining('unknown') as string,
  });
  await minute();
  expect(codes().length + links().length).toBe(1);
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', key: `${kind}-1`, lastError: null });
  expect((await read(channel.id)).url).not.toBeNull();
});

test('a process that is killed while it makes a code leaves none behind that nobody knows', async () => {
  const { channel } = await openChannel(world.deps, always(lin));
  await platform.channels?.createCode({ members: ['lin'], state: channel.state, note: '', skipVerify: true });
  await world.deps.db.channel.update({
    where: { id: channel.id },
    data: { shownState: 'sending', claimedAt: world.deps.now() },
  });
  world.jobs.clear();
  await minute();
  expect(await read(channel.id)).toMatchObject({ shownState: 'sending' });
  world.clock.advance(5 * MINUTE_MS);
  await minute();
  expect(codes()).toHaveLength(1);
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', key: 'code-1' });
});

test('when shifts change the code leads to others, and the platform is told only then', async () => {
  // The world begins on a Sunday at ten.
  const duty = {
    shifts: [shift([7], '09:00', '12:00', lin), shift([7], '12:00', '02:00', wu)],
    spareIds: [lin.id],
  };
  const { channel } = await opened(duty);
  const members = () => codes()[0]?.members;
  expect(members()).toEqual(['lin']);
  await minute();
  await minute();
  expect(platform.called('channels.updateCode')).toHaveLength(0);
  world.clock.advance(2 * HOUR_MS);
  await minute();
  expect(members()).toEqual(['wu']);
  expect(await read(channel.id)).toMatchObject({ onDuty: [wu.id], key: 'code-1' });
  world.clock.advance(13 * HOUR_MS);
  await minute();
  expect(members()).toEqual(['wu']);
  world.clock.advance(HOUR_MS);
  await minute();
  expect(members()).toEqual(['lin']);
  expect(platform.called('channels.updateCode')).toHaveLength(2);
});

test('who has had their contacts of the day receives no more until midnight', async () => {
  const { channel } = await opened(always(lin, wu), { dailyMax: 2 });
  for (let n = 0; n < 2; n++) {
    const contact = await makeContact(world.deps);
    await makeFollow(world.deps, contact, lin, { channel: channel.state, addedAt: world.deps.now() });
  }
  await minute();
  expect(codes()[0]?.members).toEqual(['wu']);
  world.clock.advance(14 * HOUR_MS);
  await minute();
  expect(codes()[0]?.members).toEqual(['lin', 'wu']);
});

test('who leaves receives no more contacts', async () => {
  await opened(always(lin, wu));
  await world.deps.db.member.update({ where: { id: lin.id }, data: { status: 'left' } });
  await minute();
  expect(codes()[0]?.members).toEqual(['wu']);
});

test('an edit changes the code and keeps it good; a change that shows nowhere asks the platform nothing', async () => {
  const { channel, caller } = await opened(always(lin));
  const { kind: _, ...draft } = draftOf(always(wu), { name: '夏季展会' });
  const edited = await editChannel(world.deps, caller, channel.id, { ...draft, version: 1 });
  await world.jobs.drain();
  expect(edited).toMatchObject({ version: 2, state: channel.state });
  expect([...(platform.channels?.codes ?? [])]).toMatchObject([['code-1', { members: ['wu'], note: '夏季展会' }]]);
  const callsBefore = platform.called('channels.updateCode').length;
  await editChannel(world.deps, caller, channel.id, { ...draft, source: '展会', version: 2 });
  await world.jobs.drain();
  expect(platform.called('channels.updateCode')).toHaveLength(callsBefore);
  await expect(editChannel(world.deps, caller, channel.id, { ...draft, version: 1 })).rejects.toMatchObject({
    code: 'channel.stale',
  });
});

test('what is changed while the platform is being told is told next', async () => {
  const { channel, caller } = await openChannel(world.deps, always(lin));
  const release = platform.hold('channels.createCode');
  const showing = showChannel(world.deps, { channelId: channel.id });
  const { kind: _, ...draft } = draftOf(always(wu));
  await expect.poll(() => platform.called('channels.createCode').length).toBe(1);
  await editChannel(world.deps, caller, channel.id, { ...draft, version: 1 });
  release();
  await showing;
  await world.jobs.drain();
  expect(codes()).toMatchObject([{ members: ['wu'] }]);
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', onDuty: [wu.id] });
});

test('an ended channel brings nobody any more: its code is taken away, once, whatever the first answer was', async () => {
  const { channel, caller } = await opened(always(lin));
  platform.loseAnswer('channels.removeCode');
  await archiveChannel(world.deps, caller, channel.id);
  await world.jobs.drain();
  expect(codes()).toEqual([]);
  await minute();
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', key: null, onDuty: [], lastError: null });
  await minute();
  expect(platform.called('channels.removeCode')).toHaveLength(2);
  const { kind: _, ...draft } = draftOf(always(wu));
  await expect(editChannel(world.deps, caller, channel.id, { ...draft, version: 2 })).rejects.toMatchObject({
    code: 'channel.archived',
  });
});

test('a channel ended before its code was heard of leaves no code behind', async () => {
  platform.loseAnswer('channels.createCode');
  const { channel, caller } = await opened(always(lin));
  await archiveChannel(world.deps, caller, channel.id);
  await world.jobs.drain();
  await minute();
  expect(codes()).toEqual([]);
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', key: null });
});

test('a channel whose time is over is taken away, and comes back when it is given more', async () => {
  const expiresAt = new Date(world.deps.now().getTime() + HOUR_MS).toISOString();
  const { channel, caller } = await opened(always(lin), { expiresAt });
  await minute();
  expect(codes()).toHaveLength(1);
  world.clock.advance(HOUR_MS);
  await minute();
  expect(codes()).toEqual([]);
  const { kind: _, ...draft } = draftOf(always(lin));
  await editChannel(world.deps, caller, channel.id, { ...draft, version: 1 });
  await world.jobs.drain();
  expect(codes()).toMatchObject([{ state: channel.state }]);
});

test('a code somebody took away in the platform’s own console is made anew, and the audit log says so', async () => {
  const { channel } = await opened(always(lin));
  platform.channels?.codes.clear();
  await world.deps.db.channel.update({ where: { id: channel.id }, data: { skipVerify: false } });
  await minute();
  await minute();
  expect(codes()).toMatchObject([{ state: channel.state, skipVerify: false }]);
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', key: 'code-2' });
  expect(await world.deps.db.auditEntry.count({ where: { action: 'channel.lost' } })).toBe(1);
});

test('while the platform is too busy, one call a minute finds out, and nothing of other work waits', async () => {
  for (let n = 0; n < 5; n++) await openChannel(world.deps, always(lin), { name: `渠道 ${n}` });
  platform.fail('channels.createCode', 'rate_limited', { retryAfterMs: 1000, times: 3 });
  await world.jobs.drain();
  const calls = [platform.called('channels.createCode').length];
  for (let n = 0; n < 6; n++) {
    await minute();
    calls.push(platform.called('channels.createCode').length);
  }
  expect(codes()).toHaveLength(5);
  expect(calls.slice(0, 3)).toEqual([1, 2, 3]);
});

test.each<[PlatformErrorKind, string]>([
  ['rejected', 'failed'],
  ['forbidden', 'owed'],
  ['unavailable', 'owed'],
])('a platform that says %s leaves the channel %s with its reason, and it is tried again', async (kind, state) => {
  platform.fail('channels.createCode', kind, { code: '41054' });
  const { channel } = await opened(always(lin));
  expect(channel).toMatchObject({ shownState: state, lastError: `channels.createCode ${kind} 41054` });
  world.clock.advance(HOUR_MS);
  await minute();
  expect(await read(channel.id)).toMatchObject({ shownState: 'shown', lastError: null });
});
