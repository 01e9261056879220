import { expect, test } from 'vitest';
import type { LiveEvent } from '#bot/sandbox/sandbox-api.ts';
import type { SandboxContact } from '#bot/sandbox/wecom-window-api.ts';
import { sandboxState } from '#bot/sandbox/sandbox-api.ts';
import { sandboxChat } from '#bot/sandbox/wecom-window-api.ts';
import { foundCompany } from '#bot/sandbox/found-company.ts';
import { seedWorld } from '#bot/sandbox/seed-world.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

test('the world is a company of forty with three hundred customers and a story to begin with', async () => {
  const state = sandboxState.parse(await world.get('state'));
  expect(state.members).toHaveLength(40);
  expect(state.departments.filter((one) => one.parent === '1')).toHaveLength(6);
  expect(state.playing).toBe('wanglei');
  const chat = sandboxChat.parse(await world.chat(state.demo.contact));
  expect(chat.contact.name).toBe('陈女士');
  expect(chat.messages.at(-1)?.text).toBe('报价能再优惠吗？最晚什么时候能交付？');
  const times = chat.messages.map((one) => one.at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  const { contacts } = await world.get<{ contacts: SandboxContact[] }>('contacts?member=wanglei');
  expect(contacts[0]?.key).toBe(state.demo.contact);
  expect(state.strangers.map((one) => one.key)).toContain(state.demo.stranger);
});

test('the same seed makes the same people, another seed other people', () => {
  const company = foundCompany();
  const now = Date.now();
  const one = seedWorld(5, company, now);
  expect(seedWorld(5, company, now, undefined, one.dingtalk.app)).toEqual(one);
  expect(Object.keys(seedWorld(6, company, now).contacts)).not.toEqual(Object.keys(one.contacts));
  expect(Object.keys(one.contacts)).toHaveLength(303);
});

test('after a restart everything is as it was: people, talks, tokens, keys', async () => {
  const contact = await world.newFriend('韩先生');
  await world.act({ kind: 'customer_writes', member: 'wanglei', contact, text: '记得我吗' });
  const access_token = await world.token();
  const before = { env: world.sandbox.env, chat: await world.chat(contact) };
  await world.sandbox.close();
  await world.open();
  expect(await world.chat(contact)).toEqual(before.chat);
  expect(await world.call('user/get', { access_token, userid: 'wanglei' })).toMatchObject({ errcode: 0 });
  expect(world.sandbox.env['WECOM_ARCHIVE_PRIVATE_KEYS']).toBe(before.env['WECOM_ARCHIVE_PRIVATE_KEYS']);
  expect(world.sandbox.env['WECOM_SECRET']).toBe(before.env['WECOM_SECRET']);
});

test('a reset brings the story back with other ids, the archive counts on, and keys and tokens stay good', async () => {
  const before = await world.state();
  const chatBefore = await world.chat(before.demo.contact);
  const secret = world.env('WECOM_SECRET');
  const token = await world.token(secret);
  await world.post('reset', {});
  const after = await world.state();
  expect(after.demo.contact).not.toBe(before.demo.contact);
  const chat = await world.chat(after.demo.contact);
  expect(chat.messages.map((one) => one.text)).toEqual(chatBefore.messages.map((one) => one.text));
  expect(await world.token(secret)).toBe(token);
  expect(after.members.map((one) => one.name)).toEqual(before.members.map((one) => one.name));
});

test('whoever watches sees messages, calls and edits as they happen', async () => {
  const hangUp = new AbortController();
  const answer = await fetch(`${world.sandbox.url}/sandbox/api/live`, { signal: hangUp.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const contact = await world.newFriend('方女士');
  await world.act({ kind: 'customer_writes', member: 'wanglei', contact, text: '在吗' });
  const events: LiveEvent[] = [];
  let rest = '';
  while (!events.some((one) => one.type === 'message' && one.message.text === '在吗')) {
    rest += (await reader?.read())?.value ?? '';
    const lines = rest.split('\n\n');
    rest = lines.pop() ?? '';
    events.push(
      ...lines.filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)) as LiveEvent),
    );
  }
  expect(events).toContainEqual({ type: 'contact', member: 'wanglei', contact });
  hangUp.abort();
});

test('pages of other sites can neither press the buttons nor read', async () => {
  const url = `${world.sandbox.url}/sandbox/api/state`;
  expect((await fetch(url, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect((await fetch(url, { headers: { origin: world.sandbox.url } })).status).toBe(200);
  const act = await fetch(`${world.sandbox.url}/sandbox/api/act`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body: '{}',
  });
  expect(act.status).toBe(403);
});

test('what cannot be done is refused with its reason', async () => {
  const contact = await world.newFriend();
  const pair = { member: 'wanglei', contact };
  const { demo } = await world.state();
  expect(await world.act({ kind: 'customer_adds', ...pair })).toMatchObject({
    error: { code: 'sandbox.already_friends' },
  });
  expect(await world.act({ kind: 'member_confirms', ...pair })).toMatchObject({
    error: { code: 'sandbox.nothing_to_confirm' },
  });
  expect(
    await world.act({ kind: 'customer_writes', member: 'wanglei', contact: demo.stranger, text: '嗨' }),
  ).toMatchObject({ error: { code: 'sandbox.strangers' } });
  expect(await world.post('act', { kind: 'dance' })).toMatchObject({ error: { code: 'request.invalid' } });
});
