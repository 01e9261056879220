import axios from 'axios';
import { DWClient, EventAck, type DWClientDownStream } from 'dingtalk-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DingtalkSide, StreamClient, success, type Frame } from './dingtalk-side.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
const dingtalk = new DingtalkSide(world);
const clients: StreamClient[] = [];
const isEvent = (frame: Frame) => frame.type === 'EVENT';

beforeEach(async () => {
  await dingtalk.settings({ events: 'stream', eventAgainMs: 60_000 });
});
afterEach(async () => {
  await dingtalk.faults({ push: { duplicate: false, reorder: false, lose: false }, stream: { cut: false } });
  for (const client of clients.splice(0)) await client.close();
});

async function connect(...of: Parameters<DingtalkSide['connect']>): Promise<StreamClient> {
  const client = await dingtalk.connect(...of);
  clients.push(client);
  return client;
}

const happen = (name: string) => dingtalk.act({ kind: 'unknown_event', name });

test("DingTalk's own client connects, hears an event and answers the press of a card", async () => {
  const { demo } = await dingtalk.state();
  const client = new DWClient({
    clientId: world.env('DINGTALK_CLIENT_ID'),
    clientSecret: world.env('DINGTALK_CLIENT_SECRET'),
  });
  // Its gateway's address is a constant: only that is made to be ours.
  const intercepted = axios.interceptors.request.use((request) => {
    request.url = (request.url ?? '').replace(/^https:\/\/\w+\.dingtalk\.com/, world.env('DINGTALK_API_BASE'));
    return request;
  });
  const heard = Promise.withResolvers<DWClientDownStream>();
  client.registerAllEventListener((event) => {
    heard.resolve(event);
    return { status: EventAck.SUCCESS };
  });
  client.registerCallbackListener('/v1.0/card/instances/callback', (pressed) => {
    const { outTrackId } = JSON.parse(pressed.data) as { outTrackId: string };
    const decided = { cardData: { cardParamMap: { status: `已同意 ${outTrackId}` } } };
    client.socketCallBackResponse(pressed.headers.messageId, decided);
  });
  await client.connect();

  const { user = '' } = await dingtalk.act({ kind: 'user_joins', name: '新同事', department: '1' });
  const event = await heard.promise;
  expect(event.headers).toMatchObject({ eventType: 'user_add_org', eventCorpId: world.env('DINGTALK_CORP_ID') });
  expect(JSON.parse(event.data)).toMatchObject({ userId: [user] });

  await dingtalk.send(demo.manager, 'official-1', { status: '待审批' });
  const { press } = await dingtalk.act({
    kind: 'press_card',
    user: demo.manager,
    card: 'official-1',
    action: 'approve',
  });
  expect(press).toEqual({ accepted: true, says: '' });
  const { cards } = await dingtalk.phone(demo.manager);
  expect(cards.find((one) => one.card === 'official-1')?.shown).toEqual({ status: '已同意 official-1' });
  expect(await client.getAccessToken()).toBe(await dingtalk.token());
  client.disconnect();
  axios.interceptors.request.eject(intercepted);
});

test('a ticket opens one connection, within 90 seconds, for whoever knows the secret', async () => {
  const { endpoint, ticket } = await dingtalk.openConnection();
  expect(endpoint).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/connect$/);
  const url = `${String(endpoint)}?ticket=${encodeURIComponent(String(ticket))}`;
  const first = new StreamClient(url, () => undefined);
  await first.opened;
  clients.push(first);
  await expect(new StreamClient(url, () => undefined).opened).rejects.toThrow('401');

  const late = await dingtalk.openConnection();
  world.offsetMs = 91_000;
  await expect(
    new StreamClient(`${String(late['endpoint'])}?ticket=${String(late['ticket'])}`, () => undefined).opened,
  ).rejects.toThrow('401');
  world.offsetMs = 0;
  await expect(new StreamClient(`${String(endpoint)}?ticket=x`, () => undefined).opened).rejects.toThrow('401');

  const stranger = { clientId: world.env('DINGTALK_CLIENT_ID'), clientSecret: 'x', subscriptions: [] };
  expect(await dingtalk.call('POST', '/v1.0/gateway/connections/open', stranger)).toMatchObject({
    status: 401,
    code: 'invalidClientIdOrSecret',
  });
});

test('who does not ask the gateway for JSON gets XML', async () => {
  const answer = await fetch(`${world.env('DINGTALK_API_BASE')}/v1.0/gateway/connections/open`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      clientId: world.env('DINGTALK_CLIENT_ID'),
      clientSecret: world.env('DINGTALK_CLIENT_SECRET'),
      subscriptions: [{ type: 'EVENT', topic: '*' }],
    }),
  });
  expect(answer.headers.get('content-type')).toContain('xml');
  expect(await answer.text()).toMatch(/<ticket>[\w-]+<\/ticket>/);
});

test('an event that is not acknowledged, or asked for later, comes again until it is taken', async () => {
  await dingtalk.settings({ eventAgainMs: 300 });
  let times = 0;
  const client = await connect((frame) => {
    if (frame.headers['eventType'] !== 'again') return undefined;
    times += 1;
    if (times === 1) return undefined;
    return times === 2 ? { status: 'LATER', message: 'busy' } : success;
  });
  await happen('again');
  const tries = await client.heard(3, isEvent);
  expect(new Set(tries.map((one) => one.headers['eventId'])).size).toBe(1);
  expect(new Set(tries.map((one) => one.headers['messageId'])).size).toBe(3);
  await happen('after');
  await client.event('after');
  const next = await connect(() => success);
  await next.event('after');
  expect(next.frames.some((one) => one.headers['eventType'] === 'again')).toBe(false);
});

test('what happens while nobody is connected is told when somebody is', async () => {
  await dingtalk.faults({ stream: { cut: true } });
  await happen('while_away');
  expect(await dingtalk.openConnection()).toMatchObject({ status: 503, code: 'ServiceUnavailable' });
  await dingtalk.faults({ stream: { cut: false } });
  const client = await connect(() => success);
  await client.event('while_away');
});

test('a cut ends every connection; the gateway that closes gently says so first and sends nothing new there', async () => {
  const cut = await dingtalk.connect(() => success);
  await dingtalk.act({ kind: 'cut_stream' });
  expect(await cut.closed).toBe(1006);
  const first = await dingtalk.connect(() => success);
  await dingtalk.act({ kind: 'cut_stream', gently: true });
  await first.heard(1, (frame) => frame.headers['topic'] === 'disconnect');
  const second = await connect(() => success);
  await happen('for_the_second');
  await second.event('for_the_second');
  await first.closed;
  expect(first.frames.some(isEvent)).toBe(false);
});

test('each message goes to one of the connections, and over time to all of them', async () => {
  const both = [await connect(() => success), await connect(() => success)];
  for (let number = 0; number < 40; number += 1) await happen('spread');
  while (both.reduce((sum, one) => sum + one.frames.filter(isEvent).length, 0) < 40) {
    await Promise.race(both.map((one) => one.heard(one.frames.filter(isEvent).length + 1, isEvent)));
  }
  const counts = both.map((one) => one.frames.filter(isEvent).length);
  // All forty to the same one would be one chance in 2^39.
  expect(counts.every((count) => count > 0)).toBe(true);
  expect(counts.reduce((a, b) => a + b)).toBe(40);
});

test('a connection hears what it asked for: a kind of event, or one that passes its filter', async () => {
  const filter = '/v1.0/event/todo_task_create/bizTag/nobody';
  const client = await connect(
    () => success,
    [
      { type: 'EVENT', topic: 'wanted' },
      { type: 'EVENT', topic: filter },
      { type: 'EVENT', topic: '/v1.0/event/filtered/note/*' },
    ],
  );
  await happen('unwanted');
  await happen('filtered');
  await happen('wanted');
  await client.event('filtered');
  await client.event('wanted');
  expect(client.frames.some((one) => one.headers['eventType'] === 'unwanted')).toBe(false);
  // It is still there for a connection that wants everything.
  const other = await connect(() => success);
  await other.event('unwanted');
});

test('faults: an event comes twice under one id, or after the next one, or never', async () => {
  const client = await connect(() => success);
  await dingtalk.faults({ push: { duplicate: true } });
  await happen('twice');
  const twice = await client.heard(2, (frame) => frame.headers['eventType'] === 'twice');
  expect(new Set(twice.map((one) => one.headers['eventId'])).size).toBe(1);
  await dingtalk.faults({ push: { duplicate: false, reorder: true } });
  await happen('first');
  await happen('second');
  await client.event('first');
  const order = client.frames
    .map((one) => one.headers['eventType'])
    .filter((one) => one === 'first' || one === 'second');
  expect(order).toEqual(['second', 'first']);
  await dingtalk.faults({ push: { reorder: false, lose: true } });
  await happen('lost');
  await dingtalk.faults({ push: { lose: false } });
  await dingtalk.act({ kind: 'repeat_event' });
  await client.event('lost');
});

test('what a client sends that is no frame disturbs nothing', async () => {
  const client = await connect(() => success);
  for (const junk of ['', 'null', '[]', '{', '{"headers":null}', '{"headers":{"messageId":"x"},"data":5}'])
    client.sendRaw(junk);
  await happen('still_alive');
  expect((await client.event('still_alive')).data).toEqual({ note: '沙盒' });
});

test('a person writes to the robot, and the robot answers where the message said', async () => {
  const { demo } = await dingtalk.state();
  const client = await connect((frame) => (frame.type === 'CALLBACK' ? { response: null } : success));
  await dingtalk.act({ kind: 'tell_robot', user: demo.manager, text: '今天有几个审批？' });
  const [frame] = await client.heard(1, (one) => one.headers['topic'] === '/v1.0/im/bot/messages/get');
  expect(frame?.data).toMatchObject({
    senderStaffId: demo.manager,
    conversationType: '1',
    msgtype: 'text',
    text: { content: '今天有几个审批？' },
  });
  const reply = await fetch(String(frame?.data['sessionWebhook']), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ msgtype: 'text', text: { content: '三个' } }),
  });
  expect(await reply.json()).toMatchObject({ errcode: 0 });
  expect((await dingtalk.phone(demo.manager)).notices[0]).toMatchObject({ from: 'robot', text: '三个' });
});
