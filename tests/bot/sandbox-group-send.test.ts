import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { SettingsEdit } from '#bot/sandbox/fault-api.ts';
import { sandboxGroupSend, type SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
const daysMs = 86_400_000;
const usual: SettingsEdit = {
  sendDispatchMs: 0,
  sendStepMs: 0,
  sendListDelayMs: 0,
  sendsPerDayMax: null,
  sendsPerWeekMax: null,
  sendsPerMonthMax: 30,
};

beforeEach(async () => {
  await world.post('settings', usual);
  await world.faults({ api: [] });
});

const call = async (name: string, body: object) =>
  world.call(`externalcontact/${name}`, { access_token: await world.token() }, body);
const ask = (contacts: string[], text = '春季新品', sender = 'wanglei') =>
  call('add_msg_template', { chat_type: 'single', sender, external_userid: contacts, text: { content: text } });
const started = async (contacts: string[], text?: string) => String((await ask(contacts, text))['msgid']);
const confirm = (send: string, member = 'wanglei') => world.act({ kind: 'send_confirmed', member, send });
const statuses = async (msgid: string, userid = 'wanglei') => {
  const { send_list } = await call('get_groupmsg_send_result', { msgid, userid });
  return (send_list as { status: number }[]).map(({ status }) => status);
};
const taskStatus = async (msgid: string) => {
  const { task_list } = await call('get_groupmsg_task', { msgid });
  return (task_list as { status: number }[]).map(({ status }) => status);
};
const seen = async (id: string, member = 'wanglei'): Promise<SandboxGroupSend | undefined> => {
  const { sends } = await world.get<{ sends: unknown[] }>(`group-sends?member=${member}`);
  return sends.map((one) => sandboxGroupSend.parse(one)).find((one) => one.id === id);
};
const sentTo = async (contact: string) =>
  (await world.chat(contact)).messages.filter((one) => one.via === 'broadcast').map((one) => one.text);

let [anna, bo, cai] = ['', '', ''];
beforeAll(async () => {
  [anna, bo, cai] = [await world.newFriend('安女士'), await world.newFriend('薄先生'), await world.newFriend('蔡总')];
});

test('customers get a confirmed message one after another, and the results tell how far it is', async () => {
  await world.post('settings', { sendStepMs: 60_000 });
  const send = await started([anna, bo, cai], '一个接一个');
  expect(await seen(send)).toMatchObject({ state: 'waiting', contactCount: 3, text: '一个接一个' });
  expect(await taskStatus(send)).toEqual([0]);
  expect(await confirm(send)).toEqual({ settled: 3 });
  expect(await taskStatus(send)).toEqual([2]);
  expect(await statuses(send)).toEqual([1, 0, 0]);
  expect(await seen(send)).toMatchObject({ state: 'sending', outcomes: { waiting: 2, delivered: 1 } });
  world.offsetMs += 10_000;
  expect(await statuses(send)).toEqual([1, 1, 0]);
  expect([await sentTo(bo), await sentTo(cai)]).toEqual([['一个接一个'], []]);
  world.offsetMs += 10_000;
  expect(await statuses(send)).toEqual([1, 1, 1]);
  expect(await seen(send)).toMatchObject({ state: 'sent' });
  expect(await confirm(send)).toMatchObject({ error: { code: 'sandbox.send_done' } });
});

test('for a moment a new message is being handed out: nobody sees it, and nothing can be asked of it', async () => {
  await world.post('settings', { sendDispatchMs: 30_000 });
  const msgid = await started([anna]);
  expect(await seen(msgid)).toBeUndefined();
  expect(await confirm(msgid)).toMatchObject({ error: { code: 'sandbox.send_unknown' } });
  for (const name of ['get_groupmsg_task', 'remind_groupmsg_send', 'cancel_groupmsg_send']) {
    expect(await call(name, { msgid })).toMatchObject({ errcode: 41063 });
  }
  expect(await call('get_groupmsg_send_result', { msgid, userid: 'wanglei' })).toMatchObject({ errcode: 41063 });
  world.offsetMs += 30_000;
  expect(await taskStatus(msgid)).toEqual([0]);
  expect(await seen(msgid)).toMatchObject({ state: 'waiting' });
});

test('who is nobody’s customer is named at once, and nobody at all is refused', async () => {
  const { demo } = await world.state();
  const answer = await ask([anna, 'wmUnknown', demo.stranger]);
  expect(answer).toMatchObject({ errcode: 0, fail_list: ['wmUnknown', demo.stranger] });
  expect(await ask(['wmUnknown'])).toMatchObject({ errcode: 41048 });
  expect(await ask([anna], 'x', 'nobody')).toMatchObject({ errcode: 60111 });
  expect(await call('add_msg_template', { text: { content: 'x' } })).toMatchObject({ errcode: 40063 });
});

test('a sender without customers means all of that member’s', async () => {
  const { msgid } = await call('add_msg_template', { sender: 'wanglei', text: { content: '所有人' } });
  const { members } = await world.state();
  const all = members.find(({ key }) => key === 'wanglei')?.contactCount ?? 0;
  expect((await seen(String(msgid)))?.contactCount).toBe(all);
  expect(all).toBeGreaterThan(10);
});

test('without a sender each customer hears from the member who talked to them last', async () => {
  const contact = await world.newFriend('两位都认识');
  const { members } = await world.state();
  const other = members.find((one) => one.mayHaveContacts && one.active && one.key !== 'wanglei')?.key ?? '';
  await world.act({ kind: 'customer_adds', member: other, contact });
  await world.act({ kind: 'customer_writes', member: 'wanglei', contact, text: '在吗' });
  const { msgid } = await call('add_msg_template', { external_userid: [contact], text: { content: '谁来发' } });
  expect(await seen(String(msgid))).toMatchObject({ contactCount: 1 });
  expect(await seen(String(msgid), other)).toBeUndefined();
});

test('a customer who left the member meanwhile does not get it, and one who got enough today does not either', async () => {
  const [gone, full] = [await world.newFriend('要走的'), await world.newFriend('收够的')];
  await confirm(await started([full]));
  await world.post('settings', { sendsPerDayMax: 1 });
  const send = await started([gone, full]);
  await world.act({ kind: 'customer_removes', member: 'wanglei', contact: gone });
  await confirm(send);
  expect(await statuses(send)).toEqual([2, 3]);
  expect(await sentTo(full)).toHaveLength(1);
  world.offsetMs += daysMs;
  const tomorrow = await started([full]);
  await confirm(tomorrow);
  expect(await statuses(tomorrow)).toEqual([1]);
});

test('a month and a week have their own limits', async () => {
  const contact = await world.newFriend('每月一次');
  const reached = async () => {
    const send = await started([contact]);
    await confirm(send);
    return statuses(send);
  };
  await world.post('settings', { sendsPerMonthMax: 1 });
  expect(await reached()).toEqual([1]);
  expect(await reached()).toEqual([3]);
  await world.post('settings', { sendsPerMonthMax: null, sendsPerWeekMax: 1 });
  expect(await reached()).toEqual([3]);
  world.offsetMs += 7 * daysMs;
  expect(await reached()).toEqual([1]);
  world.offsetMs += 31 * daysMs;
  await world.post('settings', { sendsPerMonthMax: 1, sendsPerWeekMax: null });
  expect(await reached()).toEqual([1]);
});

test('a member who puts it aside has not sent it; reminded, it is there again, three times a day', async () => {
  const msgid = await started([anna], '不想发');
  await world.act({ kind: 'send_declined', member: 'wanglei', send: msgid });
  expect(await seen(msgid)).toMatchObject({ state: 'declined' });
  expect(await taskStatus(msgid)).toEqual([0]);
  const remind = () => call('remind_groupmsg_send', { msgid });
  expect(await remind()).toMatchObject({ errcode: 0 });
  expect(await seen(msgid)).toMatchObject({ state: 'waiting', remindedAt: expect.any(Number) });
  expect([await remind(), await remind(), await remind()].map((one) => one['errcode'])).toEqual([0, 0, 41094]);
  world.offsetMs += daysMs;
  expect(await remind()).toMatchObject({ errcode: 0 });
  expect(await confirm(msgid)).toEqual({ settled: 1 });
});

test('what is taken back nobody sends any more, and what was sent stays', async () => {
  await world.post('settings', { sendStepMs: 60_000 });
  const confirmed = await started([anna, bo], '已经在发');
  await confirm(confirmed);
  expect(await call('cancel_groupmsg_send', { msgid: confirmed })).toMatchObject({ errcode: 0 });
  world.offsetMs += 60_000;
  expect(await statuses(confirmed)).toEqual([1, 1]);
  const waiting = await started([anna], '收回');
  expect(await call('cancel_groupmsg_send', { msgid: waiting })).toMatchObject({ errcode: 0 });
  expect(await call('cancel_groupmsg_send', { msgid: waiting })).toMatchObject({ errcode: 41093 });
  expect(await seen(waiting)).toMatchObject({ state: 'cancelled' });
  expect(await confirm(waiting)).toMatchObject({ error: { code: 'sandbox.send_cancelled' } });
  expect(await sentTo(anna)).not.toContain('收回');
});

test('all members confirm at one press', async () => {
  const { members } = await world.state();
  const other = members.find((one) => one.contactCount > 3 && one.key !== 'wanglei')?.key ?? '';
  const { contacts } = await world.get<{ contacts: { key: string }[] }>(`contacts?member=${other}`);
  const send = await started([cai], '一起发');
  const { msgid } = await ask([contacts[0]?.key ?? ''], '一起发', other);
  const { settled = 0 } = await world.act({ kind: 'sends_confirmed', send: null });
  expect(settled).toBeGreaterThanOrEqual(2);
  expect(await seen(send)).toMatchObject({ state: 'sent' });
  expect(await seen(String(msgid), other)).toMatchObject({ state: 'sent' });
  expect(await world.act({ kind: 'sends_confirmed', send: null })).toMatchObject({
    error: { code: 'sandbox.nothing_to_send' },
  });
});

test('what got no answer was done, and is in the list once it is known there', async () => {
  await world.post('settings', { sendListDelayMs: 60_000 });
  const text = '没有回答';
  await world.faults({ api: [{ path: 'externalcontact/add_msg_template', kind: 'hang_up', calls: 1 }] });
  await expect(ask([anna], text)).rejects.toThrow('fetch failed');
  const found = async () => {
    const now = Math.floor((Date.now() + world.offsetMs) / 1000);
    const between = { start_time: now - 3600, end_time: now };
    const answer = await call('get_groupmsg_list_v2', { chat_type: 'single', filter_type: 0, ...between });
    return (answer['group_msg_list'] as { text?: { content: string } }[]).filter((one) => one.text?.content === text);
  };
  expect(await found()).toEqual([]);
  world.offsetMs += 60_000;
  expect(await found()).toHaveLength(1);
  expect(await found()).toMatchObject([{ create_time: expect.stringMatching(/^\d+$/), create_type: 0 }]);
});

test('a storm ends when its time is over', async () => {
  const storm = { path: 'externalcontact/add_msg_template', kind: 'rate_limited', forMs: 60_000 } as const;
  await world.faults({ api: [storm] });
  expect(await ask([anna])).toMatchObject({ errcode: 45009 });
  expect(await ask([anna])).toMatchObject({ errcode: 45009 });
  expect((await world.state()).faults.api).toMatchObject([{ until: expect.any(Number) }]);
  world.offsetMs += 60_000;
  expect(await ask([anna])).toMatchObject({ errcode: 0 });
  expect((await world.state()).faults.api).toEqual([]);
});

test('after a restart a message is where it was', async () => {
  await world.post('settings', { sendStepMs: 60_000 });
  const send = await started([anna, bo], '重启');
  await confirm(send);
  const before = await seen(send);
  await world.sandbox.close();
  await world.open();
  expect(await seen(send)).toEqual(before);
  world.offsetMs += 30_000;
  expect(await statuses(send)).toEqual([1, 1]);
});
