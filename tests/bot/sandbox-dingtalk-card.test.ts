import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Frame, StreamClient } from './dingtalk-side.ts';
import { DingtalkSide, success } from './dingtalk-side.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
const dingtalk = new DingtalkSide(world);
const clients: StreamClient[] = [];
let manager = '';
let colleague = '';
let number = 0;

beforeEach(async () => {
  const { demo } = await dingtalk.state();
  manager = demo.manager;
  colleague = demo.secondManager;
  await dingtalk.settings({ events: 'stream', cardAnswerMs: 2000, eventAgainMs: 60_000, callsPerSecondMax: 1000 });
  world.deliveries = [];
});
afterEach(async () => {
  await dingtalk.faults({ api: [], card: { serviceDown: false, duplicateTap: false, lateTapMs: 0 } });
  for (const client of clients.splice(0)) await client.close();
});

const isPress = (frame: Frame) => frame.headers['topic'] === '/v1.0/card/instances/callback';

async function connect(onPress: (frame: Frame) => unknown): Promise<StreamClient> {
  const client = await dingtalk.connect((frame) => (isPress(frame) ? onPress(frame) : success));
  clients.push(client);
  return client;
}

async function newCard(params: Record<string, string>, more: Record<string, unknown> = {}): Promise<string> {
  number += 1;
  const card = `card-${number}`;
  expect(await dingtalk.send(manager, card, params, more)).toMatchObject({
    status: 200,
    success: true,
    result: { outTrackId: card, deliverResults: [{ success: true, spaceType: 'IM_ROBOT', spaceId: manager }] },
  });
  return card;
}

const press = async (card: string, action = 'approve', params: Record<string, string> = {}, user = manager) => {
  const done = await dingtalk.act({ kind: 'press_card', user, card, action, params });
  if (!done.press) throw new Error(JSON.stringify(done));
  return done.press;
};

async function shown(card: string, user = manager) {
  const { cards } = await dingtalk.phone(user);
  return cards.find((one) => one.card === card)?.shown;
}

test('a card comes to the phone of whom it is for, with the line the chat list shows', async () => {
  const card = await newCard(
    { title: '折扣 15%' },
    { privateData: { [manager]: { cardParamMap: { mine: '待你处理' } } } },
  );
  const { cards } = await dingtalk.phone(manager);
  expect(cards[0]).toMatchObject({
    card,
    params: { title: '折扣 15%' },
    privateParams: { mine: '待你处理' },
    shown: { title: '折扣 15%', mine: '待你处理' },
    summary: '一张卡片',
  });
  expect(await shown(card, colleague)).toBeUndefined();
});

test('one press reaches the app with what was typed, and the answer is the card’s new face', async () => {
  const client = await connect(() => ({
    response: {
      cardData: { cardParamMap: { status: '已拒绝' } },
      userPrivateData: { cardParamMap: { mine: '你拒绝了' } },
      cardUpdateOptions: { updateCardDataByKey: true, updatePrivateDataByKey: true },
    },
  }));
  const card = await newCard({ title: '折扣', status: '待审批' });
  expect(await press(card, 'reject', { reason: '毛利太低' })).toEqual({ accepted: true, says: '' });
  const [frame] = await client.heard(1, isPress);
  expect(frame?.type).toBe('CALLBACK');
  expect(frame?.data).toEqual({
    type: 'actionCallback',
    outTrackId: card,
    corpId: world.env('DINGTALK_CORP_ID'),
    userId: manager,
    content: JSON.stringify({ cardPrivateData: { actionIds: ['reject'], params: { reason: '毛利太低' } } }),
  });
  expect(await shown(card)).toEqual({ title: '折扣', status: '已拒绝', mine: '你拒绝了' });
});

test('an answer with no face in it leaves the card to be changed later, for everybody who has it', async () => {
  await connect(() => ({ response: null }));
  const card = await newCard({ title: '合同', status: '待审批' });
  expect(await press(card)).toMatchObject({ accepted: true });
  expect(await shown(card)).toMatchObject({ status: '待审批' });
  const put = (body: unknown) => dingtalk.call('PUT', '/v1.0/card/instances', body);
  const cardUpdateOptions = { updateCardDataByKey: true };
  const decided = { cardParamMap: { status: '已同意' } };
  expect(await put({ outTrackId: card, cardData: decided, cardUpdateOptions })).toMatchObject({ success: true });
  expect(await shown(card)).toEqual({ title: '合同', status: '已同意' });
  // Not by key, what is not named goes.
  await put({ outTrackId: card, cardData: decided });
  expect(await shown(card)).toEqual({ status: '已同意' });
  expect(await put({ outTrackId: 'nobody', cardData: decided })).toMatchObject({
    status: 400,
    code: 'param.cardNotExist',
  });
});

test('an app that does not answer in time makes the phone say so, and changes nothing', async () => {
  await dingtalk.settings({ cardAnswerMs: 60 });
  const client = await connect(() => undefined);
  const card = await newCard({ status: '待审批' });
  expect(await press(card)).toEqual({ accepted: false, says: '操作超时，请稍后重试' });
  const [frame] = await client.heard(1, isPress);
  if (frame) client.acknowledge(frame, { response: { cardData: { cardParamMap: { status: '太晚' } } } });
  expect(await shown(card)).toEqual({ status: '待审批' });
});

test('with nobody connected a press fails at once, and it is not sent again later', async () => {
  const card = await newCard({ status: '待审批' });
  expect(await press(card)).toMatchObject({ accepted: false });
  const client = await connect(() => ({ response: {} }));
  await dingtalk.act({ kind: 'unknown_event', name: 'marker' });
  await client.event('marker');
  expect(client.frames.some(isPress)).toBe(false);
});

test('an answer that is not text throughout is refused', async () => {
  await connect(() => ({ response: { cardData: { cardParamMap: { count: 5 } } } }));
  const card = await newCard({ status: '待审批' });
  expect(await press(card)).toEqual({ accepted: false, says: '操作失败，请稍后重试' });
  expect(await shown(card)).toEqual({ status: '待审批' });
});

test('the rules of a card’s data hold: text only, short enough, a name used once, a template and a robot of ours', async () => {
  const refused = async (params: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    (await dingtalk.send(manager, 'never-1', params as Record<string, string>, more))['code'];
  expect(await refused({ count: 5 })).toBe('param.cardParamMapInvalid');
  expect(await refused({ [`k${'e'.repeat(100)}`]: '' })).toBe('param.cardParamKeyTooLong');
  expect(await refused({ text: '字'.repeat(342) })).toBe('param.cardParamValueTooLong');
  expect(await refused({}, { cardTemplateId: 'other.schema' })).toBe('param.cardTemplateIdInvalid');
  expect(await refused({}, { callbackType: 'HTTP', callbackRouteKey: 'unknown' })).toBe(
    'param.callbackRouteKeyInvalid',
  );
  const card = await newCard({ text: '字'.repeat(341) });
  expect(await dingtalk.send(manager, card, {})).toMatchObject({ status: 400, code: 'param.cardAlreadyExist' });
  expect(await dingtalk.send('nobody', 'never-2', {})).toMatchObject({
    status: 200,
    result: { deliverResults: [{ success: false, errorMsg: 'user not exist' }] },
  });
});

test('over HTTP a press is signed with the secret of its route', async () => {
  const headers: Record<string, unknown>[] = [];
  world.onCallback = (request, response) => {
    headers.push(request.headers);
    response.end(JSON.stringify({ cardData: { cardParamMap: { status: '已同意' } } }));
  };
  const card = await newCard({ status: '待审批' }, { callbackType: 'HTTP', callbackRouteKey: 'zhike' });
  expect(await press(card)).toMatchObject({ accepted: true });
  const [delivery] = await world.delivered(1);
  expect(delivery?.path).toBe('/callbacks/dingtalk');
  expect(JSON.parse(delivery?.body ?? '')).toMatchObject({ outTrackId: card, userId: manager });
  const timestamp = String(headers[0]?.['x-ddpaas-signature-timestamp']);
  const signature = createHmac('sha256', world.env('DINGTALK_CARD_SECRET')).update(timestamp).digest('base64');
  expect(headers[0]?.['x-ddpaas-signature']).toBe(signature);
  expect(await shown(card)).toEqual({ status: '已同意' });

  const registered = await dingtalk.call('POST', '/v1.0/card/callbacks/register', {
    callbackRouteKey: 'zhike',
    callbackUrl: `${world.sandbox.url}/callbacks/dingtalk`,
    apiSecret: 'another',
    forceUpdate: true,
  });
  expect(registered).toMatchObject({ success: true, result: { apiSecret: 'another' } });
  await press(card);
  await world.delivered(2);
  const again = createHmac('sha256', 'another').update(String(headers[1]?.['x-ddpaas-signature-timestamp']));
  expect(headers[1]?.['x-ddpaas-signature']).toBe(again.digest('base64'));
});

test('faults: a tap doubles, a tap comes late, the card service is down', async () => {
  const client = await connect(() => ({ response: {} }));
  const card = await newCard({ status: '待审批' });
  await dingtalk.faults({ card: { duplicateTap: true } });
  expect(await press(card)).toMatchObject({ accepted: true });
  const twice = await client.heard(2, isPress);
  expect(twice[0]?.data).toEqual(twice[1]?.data);
  await dingtalk.faults({ card: { duplicateTap: false, lateTapMs: 20 } });
  expect(await press(card, 'late')).toMatchObject({ accepted: false });
  const third = await client.heard(3, isPress);
  expect(String(third[2]?.data['content'])).toContain('late');
  await dingtalk.faults({ card: { lateTapMs: 0, serviceDown: true } });
  expect(await dingtalk.send(manager, 'down-1', {})).toMatchObject({ status: 500, code: 'systemBusy' });
  expect(await dingtalk.call('PUT', '/v1.0/card/instances', { outTrackId: card, cardData: {} })).toMatchObject({
    status: 500,
  });
});

test('somebody the card did not come to cannot press it', async () => {
  const card = await newCard({});
  const done = await dingtalk.act({ kind: 'press_card', user: colleague, card, action: 'approve' });
  expect(done.error?.code).toBe('sandbox.card_of_others');
});

test('whoever watches hears at once whose phone has something new', async () => {
  const hangUp = new AbortController();
  const live = await fetch(`${world.sandbox.url}/sandbox/api/live`, { signal: hangUp.signal });
  const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
  await newCard({ title: '折扣' });
  const wanted = JSON.stringify({ type: 'dingtalk', part: 'cards', user: manager });
  let heard = '';
  while (!heard.includes(wanted)) heard += (await reader?.read())?.value ?? '';
  expect(heard).toContain(`data: ${wanted}\n\n`);
  hangUp.abort();
});
