import { beforeEach, describe, expect, test } from 'vitest';
import { sendDeliveries } from '#server/broadcast/send-deliveries.ts';
import { contentHashOf } from '#server/broadcast/broadcast-hash.ts';
import { saveBroadcastRules } from '#server/broadcast/broadcast-rules.ts';
import { makeFile } from '#tests/support/factories.ts';
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
} from './sending.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const MINUTE_MS = 60_000;
const wecom = { platform: 'wecom' };

beforeEach(async () => {
  platform.reset();
  platform.now = world.deps.now;
  await neverQuiet(world.deps);
});

const startCalls = () => platform.called('groupSends.start').length;

/** The sweep, as the clock calls it: every 15 s for so long. Jobs are run. */
const live = livingIn(world, 15_000);

async function twoSenders() {
  return [await makeSender(world.deps, platform, 'lin', 3), await makeSender(world.deps, platform, 'wang', 2)];
}

describe('An approved broadcast', () => {
  test('asks each member once to send what was approved to whom it was approved for, with their own name in it', async () => {
    const senders = await twoSenders();
    const broadcast = await approvedBroadcast(world.deps, senders, { batch: 2 });
    await sendDeliveries(world.deps, wecom);
    const sends = [...sendsOf(platform).sends.values()];
    expect(sends.map(({ sender, message, results }) => [sender, message.text, results.length])).toEqual([
      ['lin', '您好，销售lin为您准备了新品', 2],
      ['lin', '您好，销售lin为您准备了新品', 1],
      ['wang', '您好，销售wang为您准备了新品', 2],
    ]);
    expect(timesSent(platform)).toEqual(onceEach(senders));
    const { contentHash, ...now } = await readBroadcast(world.deps, broadcast);
    expect(now).toMatchObject({ state: 'running', startedAt: world.deps.now() });
    const deliveries = await deliveriesOf(world.deps, broadcast);
    expect(deliveries.map(({ state, key }) => [state, key])).toEqual([
      ['asked', 'send-1'],
      ['asked', 'send-2'],
      ['asked', 'send-3'],
    ]);
    expect(new Set(deliveries.map((one) => one.contentHash))).toEqual(new Set([contentHash]));
    expect(Object.values(await endsOf(world.deps, broadcast))).toEqual(Array.from({ length: 5 }, () => 'asked'));
  });

  test('leaves once, however many processes and nudges send it', async () => {
    const senders = await twoSenders();
    await approvedBroadcast(world.deps, senders, { batch: 1 });
    await Promise.all(Array.from({ length: 6 }, () => sendDeliveries(world.deps, wecom)));
    await world.jobs.drain();
    await sendDeliveries(world.deps, wecom);
    expect(timesSent(platform)).toEqual(onceEach(senders));
    expect(startCalls()).toBe(5);
  });

  test('waits for its time, and through the quiet hours', async () => {
    const [lin] = await twoSenders();
    if (!lin) throw new Error('There is no sender.');
    // 12:00 and later in Shanghai; quiet from 13:00 to 15:00.
    const rules = { perDay: null, perWeek: null, perMonth: null, fatigue: null, confirmDays: 3, windowDays: 7 };
    await saveBroadcastRules(world.deps.db, { ...rules, quiet: { from: '13:00', to: '15:00' } }, lin.member.id);
    const broadcast = await approvedBroadcast(world.deps, [lin], { sendAt: new Date('2026-03-01T05:30:00Z') });
    world.clock.set('2026-03-01T04:00:00Z');
    await live(4 * MINUTE_MS);
    expect(startCalls(), 'before its time').toBe(0);
    world.clock.set('2026-03-01T05:40:00Z');
    await live(4 * MINUTE_MS);
    expect(startCalls(), 'in the quiet hours').toBe(0);
    world.clock.set('2026-03-01T07:00:00Z');
    await live(MINUTE_MS);
    expect(startCalls()).toBe(1);
    expect((await readBroadcast(world.deps, broadcast)).confirmBy).toEqual(new Date('2026-03-04T07:00:15Z'));
  });

  test('that is not approved yet does not leave', async () => {
    await approvedBroadcast(world.deps, await twoSenders(), { state: 'awaiting_approval' });
    await live(MINUTE_MS);
    expect(startCalls()).toBe(0);
  });

  test('that was paused until its days were over does not leave any more, and keeps nobody’s days', async () => {
    const broadcast = await approvedBroadcast(world.deps, await twoSenders());
    await world.deps.db.broadcast.update({ where: { id: broadcast.id }, data: { pausedAt: world.deps.now() } });
    world.clock.advance(6 * 86_400_000);
    await live(MINUTE_MS);
    await world.deps.db.broadcast.update({ where: { id: broadcast.id }, data: { pausedAt: null } });
    await live(MINUTE_MS);
    expect(startCalls()).toBe(0);
    expect((await readBroadcast(world.deps, broadcast)).state).toBe('finished');
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['failed not_confirmed']));
    expect(await touchesOf(world.deps, broadcast)).toEqual({});
  });
});

describe('Between approval and the call', () => {
  test('whoever opted out, removed us or lost their member is left out, with the reason, and nobody is added', async () => {
    const [lin, wang] = await twoSenders();
    if (!lin || !wang) throw new Error('There are no senders.');
    const broadcast = await approvedBroadcast(world.deps, [lin, wang]);
    const [first, second] = lin.contacts;
    const { db } = world.deps;
    await db.contact.update({ where: { id: first?.id ?? '' }, data: { optedOutAt: world.deps.now() } });
    await db.follow.updateMany({ where: { contactId: second?.id ?? '' }, data: { state: 'removed_by_contact' } });
    await db.memberIdentity.update({
      where: { platform_key: { platform: 'wecom', key: 'wang' } },
      data: { leftAt: world.deps.now() },
    });
    await sendDeliveries(world.deps, wecom);
    expect(await endsOf(world.deps, broadcast)).toEqual({
      'lin-contact-0': 'dropped opted_out',
      'lin-contact-1': 'dropped removed_us',
      'lin-contact-2': 'asked',
      'wang-contact-0': 'dropped sender_unready',
      'wang-contact-1': 'dropped sender_unready',
    });
    expect(timesSent(platform)).toEqual({ 'lin-contact-2': 1 });
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['asked', 'nobody']);
    expect(await touchesOf(world.deps, broadcast)).toEqual({ reserved: 1 });
  });

  test('a contact that was put in, taken out or exchanged stops the call, and the owner and the log hear of it', async () => {
    for (const tamper of ['in', 'out', 'text', 'hash'] as const) {
      const sender = await makeSender(world.deps, platform, `rep-${tamper}`, 2);
      const broadcast = await approvedBroadcast(world.deps, [sender]);
      const [delivery] = await deliveriesOf(world.deps, broadcast);
      const stranger = await makeSender(world.deps, platform, `other-${tamper}`, 1);
      const { db } = world.deps;
      if (tamper === 'in') {
        await db.broadcastRecipient.create({
          data: {
            broadcastId: broadcast.id,
            contactId: stranger.contacts[0]?.id ?? '',
            part: 'target',
            memberId: sender.member.id,
            deliveryId: delivery?.id ?? '',
          },
        });
      } else if (tamper === 'out') {
        const contactId = sender.contacts[0]?.id ?? '';
        await db.broadcastRecipient.deleteMany({ where: { broadcastId: broadcast.id, contactId } });
      } else if (tamper === 'text') {
        const { frozenContent } = await readBroadcast(world.deps, broadcast);
        const variants = frozenContent?.variants.map((one) => ({ ...one, text: '加我私人微信' }));
        await db.broadcast.update({
          where: { id: broadcast.id },
          data: { frozenContent: JSON.parse(JSON.stringify({ variants })) },
        });
      } else {
        await db.broadcast.update({ where: { id: broadcast.id }, data: { contentHash: 'another' } });
      }
      await sendDeliveries(world.deps, wecom);
      expect(startCalls(), `changed: ${tamper}`).toBe(0);
      expect((await deliveriesOf(world.deps, broadcast))[0], `changed: ${tamper}`).toMatchObject({ state: 'refused' });
      expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['failed refused']));
      expect(await touchesOf(world.deps, broadcast)).toEqual({});
      const notices = await db.notice.findMany({ where: { memberId: broadcast.owner.id } });
      expect(notices.map(({ key }) => key)).toContain(`broadcast-refused:${broadcast.id}`);
    }
  });
});

test('a message made ready before its broadcast was withdrawn, changed and approved anew does not leave with the old words', async () => {
  const { deps } = world;
  const senders = [await makeSender(deps, platform, 'lin', 2)];
  const { id, kind, name, type, size, sha256 } = await makeFile(deps);
  const picture = { materialId: null, content: { kind: 'image' as const, fileId: id } };
  const file = { id, kind: 'image' as const, name, type, size, sha256 };
  expect(kind).toBe('image');
  const saying = (text: string) => ({ key: 'A' as const, share: 100, text, attachments: [{ ...picture, file }] });
  const broadcast = await approvedBroadcast(deps, senders, { variants: [saying('旧文案')] });

  const release = platform.hold('media.upload');
  const sending = sendDeliveries(deps, wecom);
  await expect.poll(() => platform.called('media.upload').length).toBe(1);
  const frozenContent = { variants: [saying('新文案')] };
  await deps.db.broadcast.update({
    where: { id: broadcast.id },
    data: { frozenContent, contentHash: contentHashOf(frozenContent) },
  });
  release();
  await sending;
  expect([...sendsOf(platform).sends.values()].map(({ message }) => message.text)).toEqual(['新文案']);
  expect(timesSent(platform)).toEqual(onceEach(senders));
});

describe('What the platform answers', () => {
  test('whom it leaves out at once did not get it, and it is said why', async () => {
    const senders = await twoSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    for (const key of ['lin-contact-1', 'wang-contact-0', 'wang-contact-1']) sendsOf(platform).unsendable.add(key);
    await sendDeliveries(world.deps, wecom);
    expect(await endsOf(world.deps, broadcast)).toEqual({
      'lin-contact-0': 'asked',
      'lin-contact-1': 'failed unsendable',
      'lin-contact-2': 'asked',
      'wang-contact-0': 'failed unsendable',
      'wang-contact-1': 'failed unsendable',
    });
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['asked', 'nobody']);
    expect(await touchesOf(world.deps, broadcast)).toEqual({ reserved: 2 });
  });

  test('a no is final for that member and does not keep the others from sending', async () => {
    const senders = await twoSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    platform.fail('groupSends.start', 'rejected', { code: '41070' });
    await live(6 * MINUTE_MS, MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state, lastError }) => [state, lastError])).toEqual([
      ['refused', 'rejected 41070'],
      ['asked', null],
    ]);
    expect(startCalls()).toBe(2);
  });

  test('a platform that is down gets it when it is back', async () => {
    const senders = await twoSenders();
    await approvedBroadcast(world.deps, senders);
    platform.isDown = true;
    await live(3 * MINUTE_MS, MINUTE_MS);
    platform.isDown = false;
    await live(10 * MINUTE_MS, MINUTE_MS);
    expect(timesSent(platform)).toEqual(onceEach(senders));
  });

  test('a right that is missing is asked for again later, and given up in the end', async () => {
    const [lin] = await twoSenders();
    if (!lin) throw new Error('There is no sender.');
    const broadcast = await approvedBroadcast(world.deps, [lin]);
    platform.fail('groupSends.start', 'forbidden', { code: '48002', times: 100 });
    await live(20 * 3_600_000, 20 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast))[0]).toMatchObject({ state: 'refused', attempts: 10 });
  });
});

describe('An answer that never came', () => {
  test('is found at the platform when it was accepted: nothing is sent again', async () => {
    const senders = await twoSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    platform.loseAnswer('groupSends.start');
    await sendDeliveries(world.deps, wecom);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['unknown', 'asked']);
    await live(2 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state, key }) => [state, key])).toEqual([
      ['asked', 'send-1'],
      ['asked', 'send-2'],
    ]);
    await live(20 * MINUTE_MS, MINUTE_MS);
    expect(startCalls()).toBe(2);
    expect(timesSent(platform)).toEqual(onceEach(senders));
  });

  test('is found although the member is called otherwise by now, and although others send the same words', async () => {
    const senders = await twoSenders();
    const [lin, wang] = senders;
    if (!lin || !wang) throw new Error('There are no senders.');
    const broadcast = await approvedBroadcast(world.deps, senders, { batch: 1 });
    for (let lost = 0; lost < 5; lost++) platform.loseAnswer('groupSends.start');
    await sendDeliveries(world.deps, wecom);
    await world.deps.db.member.update({ where: { id: lin.member.id }, data: { name: '林总' } });
    await live(30 * MINUTE_MS, MINUTE_MS);
    expect(timesSent(platform), 'each once').toEqual(onceEach(senders));
    for (const { key, memberKey, state, id } of await deliveriesOf(world.deps, broadcast)) {
      expect(state).toBe('asked');
      const sent = sendsOf(platform).sends.get(key ?? '');
      const [recipient] = await world.deps.db.$queryRaw<{ key: string }[]>`
        SELECT c.key FROM "BroadcastRecipient" r JOIN "Contact" c ON c.id = r."contactId" WHERE r."deliveryId" = ${id}::uuid`;
      expect([sent?.sender, sent?.results[0]?.contact]).toEqual([memberKey, recipient?.key]);
    }
  });

  test('whose words came back otherwise is neither taken for ours nor sent again', async () => {
    const [lin] = await twoSenders();
    if (!lin) throw new Error('There is no sender.');
    const broadcast = await approvedBroadcast(world.deps, [lin]);
    platform.loseAnswer('groupSends.start');
    await sendDeliveries(world.deps, wecom);
    for (const send of sendsOf(platform).sends.values()) send.message.text = '您好，销售lin为您…';
    await live(60 * MINUTE_MS, 2 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['unknown']);
    expect(startCalls()).toBe(1);
  });

  test('is sent again only after it was missing twice, long after the call', async () => {
    const senders = await twoSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    platform.fail('groupSends.start', 'unknown');
    await sendDeliveries(world.deps, wecom);
    await live(7 * MINUTE_MS, MINUTE_MS);
    expect(startCalls(), 'looked for, not sent').toBe(2);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['unknown', 'asked']);
    await live(6 * MINUTE_MS, MINUTE_MS);
    expect(startCalls()).toBe(3);
    expect(timesSent(platform)).toEqual(onceEach(senders));
  });

  test('of a process that died in mid-call is looked for in the same way', async () => {
    const senders = await twoSenders();
    const broadcast = await approvedBroadcast(world.deps, senders);
    const [first, second] = await deliveriesOf(world.deps, broadcast);
    // The one left, the other did not.
    const contacts = senders[0]?.contacts.map(({ key }) => key) ?? [];
    const message = { text: '您好，销售lin为您准备了新品', attachments: [] };
    await sendsOf(platform).start({ sender: 'lin', contacts, message });
    await world.deps.db.broadcastDelivery.updateMany({
      where: { id: { in: [first?.id ?? '', second?.id ?? ''] } },
      data: { state: 'sending', claimedAt: world.deps.now(), attempts: 1 },
    });
    await live(15 * MINUTE_MS, MINUTE_MS);
    expect(timesSent(platform)).toEqual(onceEach(senders));
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['asked', 1],
      ['asked', 2],
    ]);
  });

  test('is called unanswered in the end where the platform never lets us ask', async () => {
    const broadcast = await approvedBroadcast(world.deps, [await makeSender(world.deps, platform, 'lin', 2)]);
    platform.loseAnswer('groupSends.start');
    platform.fail('groupSends.list', 'forbidden', { times: 1000 });
    await sendDeliveries(world.deps, wecom);
    await live(10 * MINUTE_MS, 2 * MINUTE_MS);
    expect((await deliveriesOf(world.deps, broadcast)).map(({ state }) => state)).toEqual(['unknown']);
    world.clock.advance(31 * 24 * 60 * MINUTE_MS);
    await live(2 * MINUTE_MS, MINUTE_MS);
    expect(new Set(Object.values(await endsOf(world.deps, broadcast)))).toEqual(new Set(['failed unanswered']));
    expect((await readBroadcast(world.deps, broadcast)).state).toBe('finished');
    expect(startCalls()).toBe(1);
  });

  test('is never sent again while the platform cannot be asked', async () => {
    await approvedBroadcast(world.deps, await twoSenders());
    platform.loseAnswer('groupSends.start');
    platform.fail('groupSends.list', 'unavailable', { times: 1000 });
    await live(40 * MINUTE_MS, 2 * MINUTE_MS);
    expect(startCalls()).toBe(1 + 1);
  });
});
