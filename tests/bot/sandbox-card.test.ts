import { beforeEach, expect, test } from 'vitest';
import type { SandboxCard } from '#bot/sandbox/wecom-window-api.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(() => {
  world.offsetMs = 0;
  world.deliveries = [];
});

let made = 0;
const url = 'https://crm.example.com/inbox.html';
const face = {
  card_type: 'button_interaction',
  main_title: { title: '折扣申请', desc: '王磊' },
  horizontal_content_list: [{ keyname: '金额', value: '¥120,000' }],
  button_list: [
    { text: '同意', style: 1, key: 'approve' },
    { type: 1, text: '查看', style: 2, url },
  ],
};

const seven = (one: object) => Array.from({ length: 7 }, () => ({ ...one }));

async function send(card: object, touser = 'wanglei') {
  const access_token = await world.token();
  const agentid = Number(world.env('WECOM_AGENT_ID'));
  return world.call(
    'message/send',
    { access_token },
    { touser, agentid, msgtype: 'template_card', template_card: card },
  );
}

async function update(response_code: unknown, change: object, userids: string[] = ['wanglei']) {
  const access_token = await world.token();
  const agentid = Number(world.env('WECOM_AGENT_ID'));
  return world.call('message/update_template_card', { access_token }, { userids, agentid, response_code, ...change });
}

async function cardOf(taskId: string, member = 'wanglei'): Promise<SandboxCard> {
  const { cards } = await world.get<{ cards: SandboxCard[] }>(`cards?member=${member}`);
  const card = cards.find((one) => one.taskId === taskId);
  if (!card) throw new Error(`${member} has no card ${taskId}.`);
  return card;
}

test('a card stands in the member’s chat with the app, once for its task_id', async () => {
  const task_id = `card-${(made += 1)}`;
  expect(await send({ ...face, task_id })).toMatchObject({ errcode: 0, response_code: expect.any(String) });
  expect(await send({ ...face, task_id })).toMatchObject({ errcode: 42014 });
  expect((await cardOf(task_id)).face).toEqual({
    title: '折扣申请',
    subtitle: '王磊',
    lines: [{ label: '金额', text: '¥120,000' }],
    note: '',
    buttons: [
      { key: 'approve', text: '同意', style: 1, url: null },
      { key: '', text: '查看', style: 2, url },
    ],
    buttonsReplacedBy: null,
    url: null,
  });
});

test.each([
  [42014, 'a card with buttons and no task_id', { task_id: undefined }],
  [42014, 'a task_id of other letters', { task_id: '卡片' }],
  [42031, 'a kind of card nobody knows', { card_type: 'video' }],
  [42035, 'a seventh line', { horizontal_content_list: seven({ keyname: 'x', value: 'y' }) }],
  [42027, 'a line without a name', { horizontal_content_list: [{ value: 'y' }] }],
  [42038, 'a seventh button', { button_list: seven({ text: 'x', key: 'y' }) }],
  [42039, 'a button without a key', { button_list: [{ text: 'x' }] }],
  [42028, 'a link without an address', { button_list: [{ type: 1, text: 'x' }] }],
  [42045, 'a notice that leads nowhere', { card_type: 'text_notice' }],
])('%i: %s is refused', async (errcode, _, wrong) => {
  expect(await send({ ...face, task_id: `card-${(made += 1)}`, ...wrong })).toMatchObject({ errcode });
});

test('a press is told to the product with a code that changes the card once', async () => {
  const task_id = `card-${(made += 1)}`;
  const { response_code } = await send({ ...face, task_id });
  const { id } = await cardOf(task_id);
  expect(await world.act({ kind: 'card_pressed', card: id, button: 'delete' })).toMatchObject({
    error: { code: 'sandbox.no_such_button' },
  });
  await world.act({ kind: 'card_pressed', card: id, button: 'approve' });
  await world.delivered(1);

  expect(await update(response_code, { button: { replace_name: '已同意' } })).toMatchObject({ errcode: 0 });
  expect((await cardOf(task_id)).face.buttonsReplacedBy).toBe('已同意');
  expect(await update(response_code, { button: { replace_name: '又同意' } })).toMatchObject({ errcode: 42022 });
  expect(await update('made-up', { button: { replace_name: 'x' } })).toMatchObject({ errcode: 60140 });
  expect(await world.act({ kind: 'card_pressed', card: id, button: 'approve' })).toMatchObject({
    error: { code: 'sandbox.no_such_button' },
  });
});

test('a card may become one without buttons, for those who are named and have it', async () => {
  const task_id = `card-${(made += 1)}`;
  const { members } = await world.state();
  const other = members.find((one) => one.active && one.key !== 'wanglei')?.key ?? '';
  const { response_code } = await send({ ...face, task_id }, `wanglei|${other}`);
  const decided = { card_type: 'text_notice', main_title: { title: '已同意' }, card_action: { type: 1, url } };
  expect(await update(response_code, { template_card: decided }, ['wanglei', 'nobody'])).toMatchObject({
    errcode: 0,
    invaliduser: ['nobody'],
  });
  expect((await cardOf(task_id)).face).toMatchObject({ title: '已同意', buttons: [], url });
  expect((await cardOf(task_id, other)).face).toMatchObject({ title: '折扣申请' });
});

test('after three days a code is no longer good', async () => {
  const task_id = `card-${(made += 1)}`;
  const { response_code } = await send({ ...face, task_id });
  world.offsetMs = 72 * 3_600_000 + 1000;
  expect(await update(response_code, { button: { replace_name: 'x' } })).toMatchObject({ errcode: 60140 });
});

test('a notice without buttons gives no code', async () => {
  const notice = { card_type: 'text_notice', main_title: { title: '通知' }, card_action: { type: 1, url } };
  expect(await send(notice)).not.toHaveProperty('response_code');
});
