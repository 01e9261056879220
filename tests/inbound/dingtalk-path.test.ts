import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeApp } from '#server/app.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { openInbox, type Inbox } from '#server/inbound/inbox.ts';
import { openStreams } from '#server/inbound/open-streams.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';
import { startDouble, type Double, type Json } from '#tests/bot/dingtalk-double.ts';
import {
  cardPress,
  cardRequest,
  eventRequest,
  robotRequest,
  robotMessage,
  signedAt,
} from '#tests/bot/dingtalk-sealed.ts';
import { platformOn } from '#tests/bot/dingtalk-world.ts';
import { healthy } from '#tests/support/healthy.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { useWorld } from '#tests/support/world.ts';
import { TestDeeds } from './test-deeds.ts';

const world = useWorld();
const rows = () => world.deps.db.inboundEvent.findMany({ orderBy: { id: 'asc' } });

/** A process of the product that has DingTalk alone. */
function depsOn(double: Double) {
  return { ...world.deps, platforms: listPlatforms([platformOn(double)]) };
}

describe('over the stream', () => {
  let double: Double;
  let processes: { inbox: Inbox; close(): Promise<void> }[];
  const start = async () => {
    const deps = depsOn(double);
    const inbox = openInbox(deps, new TestDeeds());
    processes.push({ inbox, ...openStreams(deps, inbox) });
    await double.stream.until(() => double.stream.sockets.size >= processes.length);
  };
  const stop = async () => {
    for (const { close } of processes) await close();
    await Promise.all(processes.map(({ inbox }) => inbox.settled()));
    processes = [];
  };
  beforeEach(async () => {
    double = await startDouble();
    processes = [];
    world.clock.set(signedAt);
  });
  afterEach(async () => {
    await stop();
    await double.close();
  });

  const joined = (messageId: string, eventId: string) => ({
    type: 'EVENT',
    headers: { topic: '*', messageId, eventType: 'user_add_org', eventId },
    data: JSON.stringify({ userId: [`user-${eventId}`] }),
  });
  const status = async (messageId: string) => {
    const ack = await double.stream.ackOf(messageId);
    return (JSON.parse(String(ack['data'])) as Json)['status'];
  };
  const gauge = async () => {
    const { values } = await world.deps.metrics.streams.get();
    return values.find(({ labels }) => labels.platform === 'dingtalk')?.value;
  };

  test('what is acknowledged is in the database', async () => {
    await start();
    double.stream.send(joined('m1', 'e1'));
    expect(await status('m1')).toBe('SUCCESS');
    expect(await rows()).toMatchObject([
      { platform: 'dingtalk', kind: 'member_joined', subject: 'member:user-e1', state: 'waiting' },
    ]);
  });

  test('what the database did not take is asked for again, and then taken', async () => {
    await start();
    await world.deps.pool.query('ALTER TABLE "InboundEvent" RENAME TO "Away"');
    double.stream.send(joined('m1', 'e1'));
    expect(await status('m1')).toBe('LATER');
    await world.deps.pool.query('ALTER TABLE "Away" RENAME TO "InboundEvent"');
    expect(await rows()).toEqual([]);
    double.stream.send(joined('m2', 'e1'));
    expect(await status('m2')).toBe('SUCCESS');
    expect(await rows()).toHaveLength(1);
  });

  test('told twice to two processes, over connections that are cut, everything is there once', async () => {
    await start();
    await start();
    const all = Array.from({ length: 120 }, (_, at) => `e${at}`);
    for (const [at, eventId] of all.entries()) {
      // To both connections at once, and each time under the same id.
      double.stream.send(joined(`m${at}`, eventId));
      if (at % 40 === 39) {
        const { connections } = double.stream.opened;
        double.stream.cut();
        await double.stream.until(() => double.stream.opened.connections >= connections + 2);
      }
    }
    for (const eventId of all) double.stream.send(joined(`again-${eventId}`, eventId));
    for (const eventId of all) expect(await status(`again-${eventId}`)).toBe('SUCCESS');
    const subjects = (await rows()).map(({ subject }) => subject);
    expect(subjects.toSorted()).toEqual(all.map((eventId) => `member:user-${eventId}`).toSorted());
  });

  test('whether it is open is measured', async () => {
    await start();
    await expect.poll(gauge).toBe(1);
    await stop();
    expect(await gauge()).toBe(0);
  });
});

describe('by HTTP', () => {
  let double: Double;
  let site: Listening;
  beforeAll(async () => {
    double = await startDouble();
    site = await listen(makeApp(depsOn(double), healthy, new TestDeeds()));
  });
  beforeEach(() => void world.clock.set(signedAt));
  afterEach(() => site.settled());
  afterAll(async () => {
    await site.close();
    await double.close();
  });

  const post = ({ query, headers, body }: CallbackRequest) =>
    fetch(`${site.url}/callbacks/dingtalk?${new URLSearchParams(query)}`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
  const outcome = async (name: string) => {
    const { values } = await world.deps.metrics.callbacks.get();
    return values.find(({ labels }) => labels.platform === 'dingtalk' && labels.outcome === name)?.value ?? 0;
  };

  test('an event that names two people is two rows, and answered in JSON', async () => {
    const answer = await post(eventRequest({ EventType: 'user_leave_org', eventId: 'e1', userId: ['a', 'b'] }));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(Object.keys((await answer.json()) as Json)).toEqual(['msg_signature', 'timeStamp', 'nonce', 'encrypt']);
    expect((await rows()).map(({ subject }) => subject)).toEqual(expect.arrayContaining(['member:a', 'member:b']));
    await post(eventRequest({ EventType: 'user_leave_org', eventId: 'e1', userId: ['a', 'b'] }, { nonce: 'again' }));
    expect(await rows()).toHaveLength(2);
  });

  test('the check of the address is answered and leaves nothing', async () => {
    expect((await post(eventRequest({ EventType: 'check_url' }))).status).toBe(200);
    expect(await rows()).toEqual([]);
  });

  test('a press that comes again word for word is somebody else’s, and is counted', async () => {
    const before = await outcome('replayed');
    expect((await post(cardRequest(cardPress))).status).toBe(200);
    const again = await post(cardRequest(cardPress));
    expect([again.status, await again.json()]).toMatchObject([401, { error: { code: 'callback.replayed' } }]);
    expect((await outcome('replayed')) - before).toBe(1);
    expect(await rows()).toMatchObject([{ kind: 'card_pressed', subject: 'card:approval-1-lisi' }]);
  });

  test('a forged press is refused, counted, and changes nothing', async () => {
    const before = await outcome('signature');
    const good = cardRequest(cardPress);
    const forged = { ...good, headers: { ...good.headers, 'x-ddpaas-signature': 'forged' } };
    expect((await post(forged)).status).toBe(401);
    expect((await outcome('signature')) - before).toBe(1);
    expect(await rows()).toEqual([]);
  });

  test('what somebody wrote to the robot is sealed where it is kept', async () => {
    expect((await post(robotRequest(robotMessage))).status).toBe(200);
    const [row] = await rows();
    expect(row?.kind).toBe('app_message');
    expect(JSON.stringify(row?.event)).not.toContain('审批');
  });
});
