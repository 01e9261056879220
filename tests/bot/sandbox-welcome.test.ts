import { beforeEach, expect, test } from 'vitest';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(() => {
  world.offsetMs = 0;
  world.deliveries = [];
});

async function codesPushed(count: number): Promise<(string | null)[]> {
  return (await world.added(count)).map((fields) => fields['WelcomeCode'] ?? null);
}

const add = (about: { half?: boolean; corpName?: string; contact?: string }) =>
  world.act({ kind: 'customer_adds', member: 'wanglei', contact: null, name: '来客', agree: false, ...about });

async function welcome(welcome_code: unknown, body: object = { text: { content: '您好，我是王磊' } }) {
  const access_token = await world.token();
  const answer = await world.call('externalcontact/send_welcome_msg', { access_token }, { welcome_code, ...body });
  return answer['errcode'];
}

test('a welcome arrives in the chat once and never a second time', async () => {
  const { contact = '' } = await add({});
  const [code] = await codesPushed(1);
  expect(await welcome(code)).toBe(0);
  expect(await welcome(code)).toBe(41050);
  const { messages } = await world.chat(contact);
  expect(messages.filter((one) => one.via === 'welcome').map((one) => one.text)).toEqual(['您好，我是王磊']);
});

test('a welcome code is good for twenty seconds', async () => {
  await add({});
  const [code] = await codesPushed(1);
  world.offsetMs = 20_500;
  expect(await welcome(code)).toBe(41050);
});

test('a welcome to somebody already chatting is refused', async () => {
  const { contact = '' } = await add({});
  const [code] = await codesPushed(1);
  await world.act({ kind: 'customer_writes', member: 'wanglei', contact, text: '你好' });
  expect(await welcome(code)).toBe(41051);
});

test('a welcome without a code, without words or with too many words is refused', async () => {
  await add({});
  const [code] = await codesPushed(1);
  expect(await welcome('')).toBe(41049);
  expect(await welcome('made up')).toBe(41050);
  expect(await welcome(code, {})).toBe(40063);
  expect(await welcome(code, { text: { content: '长'.repeat(1400) } })).toBe(45002);
  expect(await welcome(code, { attachments: Array.from({ length: 10 }, () => ({ msgtype: 'link' })) })).toBe(41064);
  expect(await welcome(code, { attachments: [{ msgtype: 'poem' }] })).toBe(41065);
  expect(await welcome(code)).toBe(0);
});

test('a code used at the half-way add leaves none for the confirmation; unused, there is a new one', async () => {
  const { contact: used = '' } = await add({ half: true });
  const [code] = await codesPushed(1);
  expect(await welcome(code)).toBe(0);
  await world.act({ kind: 'member_confirms', member: 'wanglei', contact: used });
  expect((await codesPushed(2)).at(1)).toBeNull();

  const { contact: unused = '' } = await add({ half: true });
  await world.act({ kind: 'member_confirms', member: 'wanglei', contact: unused });
  const [, , third, fourth] = await codesPushed(4);
  expect(third).not.toBeNull();
  expect(fourth).not.toBeNull();
  expect(fourth).not.toBe(third);
});

test('no code for members of other companies, for people who chatted before, or beside the console’s own welcome', async () => {
  await add({ corpName: '同行软件' });
  expect(await codesPushed(1)).toEqual([null]);
  const { contact = '' } = await add({});
  const pair = { member: 'wanglei', contact };
  await world.act({ kind: 'customer_writes', ...pair, text: '你好' });
  await world.act({ kind: 'customer_removes', ...pair });
  await add({ contact });
  expect((await codesPushed(3)).at(2)).toBeNull();
  await world.post('settings', { consoleWelcome: true });
  await add({});
  await world.post('settings', { consoleWelcome: false });
  expect((await codesPushed(4)).at(3)).toBeNull();
});
