import { createDecipheriv, createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { useSandbox, type Delivery } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(async () => {
  world.onCallback = (_, response) => void response.end('success');
  await world.faults({ callbacks: { duplicate: false, reorder: false, lose: false } });
  world.deliveries = [];
});

/** The reading a receiver does, written from the reference and not from the sender. */
function readPush(delivery: Delivery): string {
  const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/.exec(delivery.body)?.[1] ?? '';
  const signed = [world.env('WECOM_CALLBACK_TOKEN'), delivery.query.get('timestamp'), delivery.query.get('nonce')];
  const signature = createHash('sha1')
    .update([...signed, encrypted].sort().join(''))
    .digest('hex');
  expect(delivery.query.get('msg_signature')).toBe(signature);
  return decrypt(encrypted);
}

function decrypt(encrypted: string): string {
  const key = Buffer.from(`${world.env('WECOM_CALLBACK_AES_KEY')}=`, 'base64');
  expect(key).toHaveLength(32);
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(Buffer.from(encrypted, 'base64')), decipher.final()]);
  expect(padded.length % 32).toBe(0);
  const padding = padded.at(-1) ?? 0;
  expect(padding).toBeGreaterThanOrEqual(1);
  expect(padding).toBeLessThanOrEqual(32);
  const plain = padded.subarray(0, padded.length - padding);
  const length = plain.readUInt32BE(16);
  expect(plain.subarray(20 + length).toString('utf8')).toBe(world.env('WECOM_CORP_ID'));
  return plain.subarray(20, 20 + length).toString('utf8');
}

const field = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</${name}>`).exec(xml)?.[1];

test('a customer who adds a member is told to the product, signed, encrypted and addressed to the company', async () => {
  const { contact } = await world.act({
    kind: 'customer_adds',
    member: 'wanglei',
    contact: null,
    name: '钱先生',
    channel: 'ch_test',
    agree: false,
  });
  const [delivery] = await world.delivered(1);
  if (!delivery) throw new Error('Nothing came.');
  const xml = readPush(delivery);
  expect(delivery.path).toBe('/callbacks/wecom');
  expect(field(xml, 'FromUserName')).toBe('sys');
  expect(field(xml, 'Event')).toBe('change_external_contact');
  expect(field(xml, 'ChangeType')).toBe('add_external_contact');
  expect(field(xml, 'UserID')).toBe('wanglei');
  expect(field(xml, 'ExternalUserID')).toBe(contact);
  expect(field(xml, 'State')).toBe('ch_test');
  expect(field(xml, 'WelcomeCode')).toMatch(/^\w+$/);
});

test('a push that is not answered with 200 is tried three times and then given up', async () => {
  world.onCallback = (_, response) => void response.writeHead(500).end();
  await world.act({ kind: 'unknown_event', name: 'nobody_knows' });
  const tries = await world.delivered(3);
  expect(new Set(tries.map((one) => field(readPush(one), 'Event')))).toEqual(new Set(['nobody_knows']));
  world.onCallback = (_, response) => void response.end();
  await world.act({ kind: 'unknown_event', name: 'the_next' });
  const after = await world.delivered(4);
  expect(after.map((one) => field(readPush(one), 'Event')).at(-1)).toBe('the_next');
});

test('a push nobody answers in time is tried again', async () => {
  let first = true;
  world.onCallback = (_, response) => {
    if (first) first = false;
    else response.end();
  };
  await world.act({ kind: 'unknown_event', name: 'slow_one' });
  const tries = await world.delivered(2);
  expect(tries.map((one) => field(readPush(one), 'Event'))).toEqual(['slow_one', 'slow_one']);
});

test('the callback address is right when it answers with the words it was sent, and wrong otherwise', async () => {
  world.onCallback = (request, response) => {
    const query = new URL(request.url ?? '', 'http://product').searchParams;
    response.end(decrypt(query.get('echostr') ?? ''));
  };
  expect(await world.post('verify-callback', {})).toEqual({ verified: true });
  world.onCallback = (_, response) => void response.end('something else');
  expect(await world.post('verify-callback', {})).toEqual({ verified: false });
});

test('when asked to, pushes come twice', async () => {
  await world.faults({ callbacks: { duplicate: true } });
  await world.act({ kind: 'unknown_event', name: 'twice' });
  const both = await world.delivered(2);
  expect(both.map((one) => field(readPush(one), 'Event'))).toEqual(['twice', 'twice']);
});

test('when asked to, a later push overtakes the one before it', async () => {
  await world.faults({ callbacks: { reorder: true } });
  await world.act({ kind: 'unknown_event', name: 'first' });
  await world.act({ kind: 'unknown_event', name: 'second' });
  const both = await world.delivered(2);
  expect(both.map((one) => field(readPush(one), 'Event'))).toEqual(['second', 'first']);
});

test('when asked to, pushes are lost, and the log says so', async () => {
  await world.faults({ callbacks: { lose: true } });
  await world.act({ kind: 'unknown_event', name: 'lost_one' });
  await world.faults({ callbacks: { lose: false } });
  await world.act({ kind: 'unknown_event', name: 'kept_one' });
  const came = await world.delivered(1);
  expect(came.map((one) => field(readPush(one), 'Event'))).toEqual(['kept_one']);
  const { entries } = await world.get<{ entries: { name: string; code: string }[] }>('log');
  expect(entries).toContainEqual(expect.objectContaining({ name: 'lost_one', code: 'lost' }));
});

const isAnnouncement = (delivery: Delivery) => field(readPush(delivery), 'Event') === 'msgaudit_notify';
const isChange = (delivery: Delivery) => !isAnnouncement(delivery);

test('several messages are announced together', async () => {
  await world.post('settings', { archiveNotifyMs: 1000 });
  const contact = await world.newFriend();
  for (const text of ['在吗', '想了解一下', '30 人']) {
    await world.act({ kind: 'customer_writes', member: 'wanglei', contact, text });
  }
  expect(await world.delivered(1, isAnnouncement)).toHaveLength(1);
  await world.post('settings', { archiveNotifyMs: 20 });
  const changes = await world.delivered(2, isChange);
  expect(changes.map((one) => field(readPush(one), 'ChangeType')).toSorted()).toEqual([
    'add_external_contact',
    'msg_audit_approved',
  ]);
});

test('what the product changes through the API does not come back to it', async () => {
  const contact = await world.newFriend();
  await world.delivered(2, isChange);
  world.deliveries = [];
  const access_token = await world.token();
  const pair = { userid: 'wanglei', external_userid: contact };
  const tag = (await world.state()).tags[0]?.key;
  expect(await world.call('externalcontact/remark', { access_token }, { ...pair, remark: '改过' })).toMatchObject({
    errcode: 0,
  });
  expect(await world.call('externalcontact/mark_tag', { access_token }, { ...pair, add_tag: [tag] })).toMatchObject({
    errcode: 0,
  });
  await world.act({ kind: 'member_edits', member: 'wanglei', contact, remark: '客户端改的' });
  const came = await world.delivered(1, isChange);
  expect(came.map((one) => field(readPush(one), 'ChangeType'))).toEqual(['edit_external_contact']);
  const { contact: seen } = await world.chat(contact);
  expect(seen.remark).toBe('客户端改的');
  expect(seen.tags.map((one) => one.key)).toEqual([tag]);
});
