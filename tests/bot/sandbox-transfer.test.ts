import { createDecipheriv } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { SandboxMember } from '#bot/sandbox/wecom-window-api.ts';
import { useSandbox, type Delivery } from './sandbox-world.ts';

const world = useSandbox();
const dayMs = 86_400_000;

beforeEach(() => {
  world.offsetMs = 0;
  world.deliveries = [];
});

function fieldsOf({ body }: Delivery): (name: string) => string | undefined {
  const key = Buffer.from(`${world.env('WECOM_CALLBACK_AES_KEY')}=`, 'base64');
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1] ?? '';
  const xml = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]).toString('utf8');
  return (name) => new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]>`).exec(xml)?.[1];
}

/** ChangeType, UserID and what else of interest the product was told. */
function told(delivery: Delivery): string {
  const field = fieldsOf(delivery);
  const parts = ['ChangeType', 'UserID', 'Source', 'FailReason'].map(field);
  return parts.filter((part) => part !== undefined).join(' ');
}

/** Once the product was told this much of the contact. Of others, and of the archive, it hears in between. */
async function toldOf(contact: string, count: number): Promise<string[]> {
  const deliveries = await world.delivered(count, (one) => fieldsOf(one)('ExternalUserID') === contact);
  return deliveries.map(told);
}

async function ask(call: string, body: object): Promise<Record<string, unknown>> {
  return world.call(`externalcontact/${call}`, { access_token: await world.token() }, body);
}

async function someSeller(): Promise<SandboxMember> {
  const { members } = await world.state();
  const found = members.find((one) => one.active && one.mayHaveContacts && one.key !== 'wanglei');
  if (!found) throw new Error('Nobody sells here.');
  return found;
}

const settle = (contact: string, outcome: 'done' | 'declined' | 'full') =>
  world.act({ kind: 'transfer_settles', contact, outcome });

test('a customer goes over after a day, and both sides are told', async () => {
  const contact = await world.newFriend();
  const { key: to } = await someSeller();
  const between = { handover_userid: 'wanglei', takeover_userid: to };
  const message = { transfer_success_msg: '后续由我为您服务' };
  expect(await ask('transfer_customer', { ...between, external_userid: [contact], ...message })).toMatchObject({
    errcode: 0,
    customer: [{ external_userid: contact, errcode: 0 }],
  });
  expect(await ask('transfer_result', between)).toMatchObject({
    customer: [{ external_userid: contact, status: 2, takeover_time: expect.any(Number) }],
  });
  expect(await ask('transfer_customer', { ...between, external_userid: [contact] })).toMatchObject({
    customer: [{ external_userid: contact, errcode: 40129 }],
  });

  await toldOf(contact, 1);
  world.deliveries = [];
  world.offsetMs = dayMs + 1000;
  expect(await ask('transfer_result', between)).toMatchObject({
    customer: [{ external_userid: contact, status: 1 }],
  });
  const events = (await toldOf(contact, 2)).toSorted();
  expect(events).toEqual([`add_external_contact ${to}`, 'del_external_contact wanglei DELETE_BY_TRANSFER']);
  const detail = await world.call('externalcontact/get', {
    access_token: await world.token(),
    external_userid: contact,
  });
  expect((detail['follow_user'] as { userid: string }[]).map(({ userid }) => userid)).toEqual([to]);
  const { messages } = await world.chat(contact, to);
  expect(messages.at(-1)).toMatchObject({ by: 'member', text: '后续由我为您服务' });
});

test.each([
  ['declined', 3, 'customer_refused'],
  ['full', 4, 'customer_limit_exceed'],
] as const)('a customer who stays (%s) stays, and the taker is told why', async (outcome, status, reason) => {
  const contact = await world.newFriend();
  const { key: to } = await someSeller();
  const between = { handover_userid: 'wanglei', takeover_userid: to };
  await ask('transfer_customer', { ...between, external_userid: [contact] });
  await toldOf(contact, 1);
  world.deliveries = [];
  await settle(contact, outcome);
  expect(await toldOf(contact, 1)).toEqual([`transfer_fail ${to} ${reason}`]);
  const { customer } = await ask('transfer_result', between);
  expect(customer).toContainEqual({ external_userid: contact, status, takeover_time: 0 });
});

test('who cannot go says why, each for themselves', async () => {
  const contact = await world.newFriend();
  const { key: to } = await someSeller();
  const between = { handover_userid: 'wanglei', takeover_userid: to };
  const { demo, members } = await world.state();
  const { customer } = await ask('transfer_customer', {
    ...between,
    external_userid: [contact, 'wmNobody', demo.stranger],
  });
  expect((customer as { errcode: number }[]).map(({ errcode }) => errcode)).toEqual([0, 40096, 40131]);

  const people = { ...between, external_userid: [contact] };
  const idle = members.find((one) => one.active && !one.mayHaveContacts)?.key;
  expect(await ask('transfer_customer', { ...people, takeover_userid: 'wanglei' })).toMatchObject({ errcode: 40130 });
  expect(await ask('transfer_customer', { ...people, takeover_userid: 'nobody' })).toMatchObject({ errcode: 60111 });
  expect(await ask('transfer_customer', { ...people, takeover_userid: idle })).toMatchObject({ errcode: 84074 });
  expect(await ask('resigned/transfer_customer', people)).toMatchObject({ errcode: 40097 });
  const many = Array.from({ length: 101 }, () => contact);
  expect(await ask('transfer_customer', { ...between, external_userid: many })).toMatchObject({ errcode: 40058 });
});

test('within ninety days a customer goes over twice and no third time', async () => {
  const contact = await world.newFriend();
  const { key: other } = await someSeller();
  const go = async (from: string, to: string) => {
    const people = { handover_userid: from, takeover_userid: to, external_userid: [contact] };
    const { customer } = await ask('transfer_customer', people);
    if (contact) await settle(contact, 'done');
    return (customer as { errcode: number }[])[0]?.errcode;
  };
  expect(await go('wanglei', other)).toBe(0);
  expect(await go(other, 'wanglei')).toBe(0);
  expect(await go('wanglei', other)).toBe(40128);
  world.offsetMs = 91 * dayMs;
  expect(await go('wanglei', other)).toBe(0);
});

test('whoever leaves can no longer log in, and their customers wait for somebody and go over as a leaver’s', async () => {
  const { member = '' } = await world.act({
    kind: 'member_joins',
    name: '林一',
    department: '3',
    position: '销售专员',
  });
  const { contact = '' } = await world.act({ kind: 'customer_adds', member, contact: null, name: '孙女士' });
  const authorize = `${world.sandbox.url}/connect/oauth2/authorize?appid=${world.env('WECOM_CORP_ID')}&redirect_uri=${encodeURIComponent(`${world.sandbox.url}/sidebar.html`)}&state=s`;
  const back = await fetch(authorize, { redirect: 'manual', headers: { cookie: `sandbox_member=${member}` } });
  const login = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  await world.act({ kind: 'member_leaves', member });
  const access_token = await world.token();
  expect(await world.call('auth/getuserinfo', { access_token, code: login })).toMatchObject({ errcode: 42022 });

  const { key: to } = await someSeller();
  const between = { handover_userid: member, takeover_userid: to };
  expect(await ask('get_unassigned_list', {})).toMatchObject({
    info: [{ handover_userid: member, external_userid: contact, dimission_time: expect.any(Number) }],
    is_last: true,
  });
  expect(await ask('transfer_customer', { ...between, external_userid: [contact] })).toMatchObject({ errcode: 60111 });
  const asked = await ask('resigned/transfer_customer', { ...between, external_userid: [contact] });
  expect(asked).toMatchObject({ customer: [{ errcode: 0 }] });
  expect(await ask('get_unassigned_list', {})).toMatchObject({ info: [] });
  await settle(contact, 'done');
  expect(await ask('resigned/transfer_result', between)).toMatchObject({ customer: [{ status: 1 }] });
  expect(await ask('transfer_result', { ...between, handover_userid: 'wanglei' })).not.toMatchObject({
    customer: [{ external_userid: contact }],
  });
});

test('customers on their way are shown, and none on their way cannot settle', async () => {
  const contact = await world.newFriend();
  const { key: to } = await someSeller();
  await ask('transfer_customer', { handover_userid: 'wanglei', takeover_userid: to, external_userid: [contact] });
  const { transfers } = await world.get<{ transfers: object[] }>('transfers');
  expect(transfers).toContainEqual({
    from: 'wanglei',
    to,
    contact,
    leaver: false,
    state: 'waiting',
    at: expect.any(Number),
  });
  expect(await settle('wmNobody', 'done')).toMatchObject({ error: { code: 'sandbox.nothing_to_settle' } });
});
