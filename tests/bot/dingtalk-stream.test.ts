import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StreamTiming } from '#bot/dingtalk/dingtalk-stream.ts';
import { platformEvent } from '#server/platform/event.ts';
import type { CallbackEvent } from '#server/platform/callback.ts';
import { refused, startDouble, type Double, type Json } from '#tests/bot/dingtalk-double.ts';
import { cardPress, keys, robotMessage } from '#tests/bot/dingtalk-sealed.ts';
import { platformOn } from '#tests/bot/dingtalk-world.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';

const robotTopic = '/v1.0/im/bot/messages/get';
const cardTopic = '/v1.0/card/instances/callback';

let double: Double;
let closers: (() => Promise<void>)[];
beforeEach(async () => {
  double = await startDouble();
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
  await double.close();
});

/** The real client on a real websocket; what it took, and what it said of its connection. */
function openStream(timing: Partial<StreamTiming> = {}, receive?: (event: CallbackEvent) => Promise<void>) {
  const taken: CallbackEvent[] = [];
  const states: string[] = [];
  const stream = platformOn(double, timing).stream?.open(
    async (event) => {
      await receive?.(event);
      taken.push(event);
    },
    (state, why) => void states.push(why ? `${state}: ${why}` : state),
  );
  const close = async () => stream?.close();
  closers.push(close);
  return { taken, states, close };
}

const connected = (count = 1) => double.stream.until(() => double.stream.opened.connections >= count);
const frame = (type: string, messageId: string, data: unknown, headers: Json = {}) => ({
  specVersion: '1.0',
  type,
  headers: { topic: '*', contentType: 'application/json', messageId, time: '1700000000000', ...headers },
  data: typeof data === 'string' ? data : JSON.stringify(data),
});
const joined = (messageId: string, eventId: string, member = 'zhangsan') =>
  frame('EVENT', messageId, { timeStamp: 1_700_000_000_000, userId: [member] }, { eventType: 'user_add_org', eventId });
const dataOf = (ack: Json) => JSON.parse(String(ack['data'])) as Json;

test('a connection is asked for with what we want to hear, and opened with its ticket', async () => {
  openStream();
  await connected();
  const call = double.calls.find(({ path }) => path === '/v1.0/gateway/connections/open');
  expect(call?.headers['accept']).toBe('application/json');
  expect(call?.body).toMatchObject({
    clientId: keys.clientId,
    clientSecret: keys.clientSecret,
    subscriptions: [
      { type: 'EVENT', topic: '*' },
      { type: 'CALLBACK', topic: robotTopic },
      { type: 'CALLBACK', topic: cardTopic },
    ],
  });
});

test('an event is acknowledged when it is stored, and not before', async () => {
  const stored = Promise.withResolvers<void>();
  const { taken } = openStream({}, () => stored.promise);
  await connected();
  double.stream.send(joined('m1', 'e1'));
  double.stream.send(frame('SYSTEM', 'p1', { opaque: 'o-1' }, { topic: 'ping' }));
  expect(dataOf(await double.stream.ackOf('p1'))).toEqual({ opaque: 'o-1' });
  expect(double.stream.heard).toHaveLength(1);
  stored.resolve();
  const ack = await double.stream.ackOf('m1');
  expect(ack).toMatchObject({
    code: 200,
    message: 'OK',
    headers: { contentType: 'application/json', messageId: 'm1' },
  });
  expect(dataOf(ack)).toEqual({ status: 'SUCCESS' });
  expect(taken.map(({ event }) => event)).toEqual([
    { kind: 'member_joined', member: 'zhangsan', occurredAt: '2023-11-14T22:13:20.000Z' },
  ]);
});

test('an event that could not be stored is asked for again', async () => {
  let isBroken = true;
  const { taken } = openStream({}, async () => {
    if (isBroken) throw new Error('The database is away.');
  });
  await connected();
  double.stream.send(joined('m1', 'e1'));
  expect(dataOf(await double.stream.ackOf('m1'))).toMatchObject({ status: 'LATER' });
  double.stream.send(frame('CALLBACK', 'm2', cardPress, { topic: cardTopic }));
  expect(await double.stream.ackOf('m2')).toMatchObject({ code: 500 });
  isBroken = false;
  double.stream.send(joined('m3', 'e1'));
  expect(dataOf(await double.stream.ackOf('m3'))).toEqual({ status: 'SUCCESS' });
  expect(taken).toHaveLength(1);
});

test('an event told again under another message is the same one; another event is not', async () => {
  const { taken } = openStream();
  await connected();
  const frames = [joined('m1', 'e1'), joined('m2', 'e1'), joined('m3', 'e2'), joined('m4', ''), joined('m5', '')];
  for (const one of frames) double.stream.send(one);
  await double.stream.ackOf('m5');
  const bodies = taken.map(({ body }) => body.toString());
  expect(bodies[1]).toBe(bodies[0]);
  expect(new Set(bodies).size).toBe(4);
});

test('a press of a card and a message to the robot come over it too', async () => {
  const { taken } = openStream();
  await connected();
  double.stream.send(frame('CALLBACK', 'm1', cardPress, { topic: cardTopic }));
  double.stream.send(frame('CALLBACK', 'm2', robotMessage, { topic: robotTopic }));
  double.stream.send(frame('CALLBACK', 'm3', {}, { topic: '/v1.0/graph/api/invoke' }));
  expect(dataOf(await double.stream.ackOf('m1'))).toEqual({ response: null });
  expect(await double.stream.ackOf('m2')).toMatchObject({ code: 200 });
  expect(await double.stream.ackOf('m3')).toMatchObject({ code: 404 });
  expect(taken.map(({ event }) => event)).toMatchObject([
    { kind: 'card_pressed', card: 'approval-1-lisi', member: 'lisi', action: 'reject', messageKey: 'm1' },
    { kind: 'app_message', member: 'zhangsan', text: '今天还有几个审批？', messageKey: 'msg-1' },
  ]);
});

test('a connection that is cut is opened again, each time with a new ticket', async () => {
  const { states, taken } = openStream();
  for (const times of [1, 2, 3]) {
    await connected(times);
    double.stream.cut();
  }
  await connected(4);
  double.stream.send(joined('m1', 'e1'));
  await double.stream.ackOf('m1');
  expect(taken).toHaveLength(1);
  expect(double.stream.opened.tickets).toBe(4);
  expect(states.slice(0, 3)).toEqual(['connected', 'disconnected: closed 1006', 'connected']);
});

test('told that its connection will end, it opens another, and still answers on the first', async () => {
  const { taken } = openStream({ retiredMsMax: 5000 });
  await connected();
  const [first] = double.stream.sockets;
  double.stream.send(frame('SYSTEM', 's1', { reason: 'expired' }, { topic: 'disconnect' }));
  await connected(2);
  first?.send(JSON.stringify(joined('m1', 'e1')));
  expect(dataOf(await double.stream.ackOf('m1'))).toEqual({ status: 'SUCCESS' });
  expect(taken).toHaveLength(1);
});

test('a gateway that gives no connection, or a bad one, is asked again and again', async () => {
  double.answer('POST /v1.0/gateway/connections/open', refused(503, 'ServiceUnavailable'));
  const { states } = openStream();
  const asked = () => double.called('/v1.0/gateway/connections/open').length;
  await expect.poll(asked).toBeGreaterThan(2);
  const says = (what: string) => expect.poll(() => states.includes(`disconnected: ${what}`)).toBe(true);
  double.answer('POST /v1.0/gateway/connections/open', { endpoint: 'file:///etc/passwd', ticket: 't' });
  await says('unavailable');
  const endpoint = `${double.url.replace('http', 'ws')}/connect`;
  double.answer('POST /v1.0/gateway/connections/open', { endpoint, ticket: 'never given' });
  await says('HTTP 401');
  double.answer('POST /v1.0/gateway/connections/open', { endpoint: 'ws://127.0.0.1:1/connect', ticket: 't' });
  await says('ECONNREFUSED');
  double.asUsual();
  await connected();
  expect(states[0]).toBe('disconnected: unavailable ServiceUnavailable');
});

test('a connection that shows no sign of life is given up', async () => {
  await double.close();
  double = await startDouble({ isMute: true });
  const { states } = openStream({ pingEveryMs: 20, silenceMsMax: 60 });
  await connected(2);
  expect(states.slice(0, 2)).toEqual(['connected', 'disconnected: silent']);
});

test('closed, it waits for what has come, acknowledges it, and is gone for good', async () => {
  const stored = Promise.withResolvers<void>();
  const { close, taken } = openStream({}, () => stored.promise);
  await connected();
  double.stream.send(joined('m1', 'e1'));
  double.stream.send(frame('SYSTEM', 'p1', { opaque: 'o' }, { topic: 'ping' }));
  await double.stream.ackOf('p1');
  const closing = close();
  stored.resolve();
  await closing;
  expect(taken).toHaveLength(1);
  await expect.poll(() => double.stream.sockets.size).toBe(0);
  expect(dataOf(await double.stream.ackOf('m1'))).toEqual({ status: 'SUCCESS' });
  expect(double.stream.opened).toEqual({ tickets: 1, connections: 1 });
});

test('closed while it has no connection, it asks for no more', async () => {
  double.answer('POST /v1.0/gateway/connections/open', (_, response) => response);
  const { close } = openStream();
  await expect.poll(() => double.called('/v1.0/gateway/connections/open').length).toBe(1);
  await close();
  expect(double.called('/v1.0/gateway/connections/open')).toHaveLength(1);
});

const HOW_MANY = 10_000;
const HUGE = 3;

test(`${HOW_MANY} hostile frames have no effect, and the next good one is taken`, async () => {
  const random = seededRandom();
  console.log(`hostile frames: SEED=${random.seed}`);
  const { taken } = openStream();
  await connected();
  for (let made = 0; made < HOW_MANY - HUGE; made++) double.stream.send(random.pick(hostile)(random));
  for (let made = 0; made < HUGE; made++) {
    const before = double.stream.opened.connections;
    double.stream.send('x'.repeat(1_100_000));
    await connected(before + 1);
  }
  double.stream.send(joined('good', 'good'));
  expect(dataOf(await double.stream.ackOf('good'))).toEqual({ status: 'SUCCESS' });
  expect(taken.pop()?.event.kind).toBe('member_joined');
  for (const { event } of taken) platformEvent.parse(event);
  expect(new Set(taken.map(({ event }) => event.kind))).toEqual(new Set(['unknown']));
});

const odd: unknown[] = [null, 0, -1, 1e308, true, '', '\0', '\ud800', [], [[]], {}, { x: { x: {} } }, 'x'.repeat(500)];
const types = ['EVENT', 'CALLBACK', 'SYSTEM', 'event', '', 'UNKNOWN', '__proto__'];
const topics = ['*', robotTopic, cardTopic, 'ping', 'CONNECTED', '', '/v1.0/none'];
const kinds = ['user_add_org', 'user_leave_org', 'bpms_task_change', 'todo_task_update', 'made_up', '__proto__'];

/** Not JSON, JSON of other shapes, types and topics nobody knows, events that lack what they should carry. */
const hostile: ((random: Random) => string | Buffer)[] = [
  (random) => random.hex(random.below(200)),
  (random) => random.bytes(random.below(50)),
  (random) => JSON.stringify(random.pick(odd)),
  (random) => JSON.stringify(joined('m', 'e')).slice(0, random.below(150)),
  (random) => JSON.stringify({ ...joined('m', 'e'), headers: random.pick(odd) }),
  (random) => JSON.stringify({ ...joined('m', 'e'), type: random.pick(odd) }),
  (random) =>
    JSON.stringify({ type: random.pick(types), headers: { messageId: random.pick(odd) }, data: random.pick(odd) }),
  (random) =>
    JSON.stringify(
      frame(random.pick(types), random.hex(8), JSON.stringify(random.pick(odd)) ?? '', {
        topic: random.pick(topics),
        eventType: random.pick([...kinds, ...odd]),
        eventId: random.pick(odd),
        eventBornTime: random.pick(odd),
      }),
    ),
  (random) =>
    JSON.stringify(frame('CALLBACK', random.hex(8), { ...cardPress, content: random.pick(odd) }, { topic: cardTopic })),
  () => `{"type":"EVENT","headers":{"messageId":"deep"},"data":${'['.repeat(1000)}${']'.repeat(1000)}}`,
];
