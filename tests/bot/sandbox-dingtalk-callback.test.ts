import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cardSignature, open, seal, signatureOf } from '#bot/sandbox/dingtalk-crypto.ts';
import { DingtalkSide } from './dingtalk-side.ts';
import { useSandbox, type Delivery } from './sandbox-world.ts';

const world = useSandbox();
const dingtalk = new DingtalkSide(world);

beforeEach(async () => {
  await dingtalk.settings({ events: 'http', ownerKey: 'client_id' });
  world.deliveries = [];
  acknowledge();
});
afterEach(async () => {
  world.offsetMs = 0;
  await dingtalk.faults({ push: { duplicate: false, reorder: false, lose: false } });
});

const happen = (name: string) => dingtalk.act({ kind: 'unknown_event', name });
const key = () => Buffer.from(`${world.env('DINGTALK_CALLBACK_AES_KEY')}=`, 'base64');

/** The receiver's reading and answering, written from the reference and not from the sender. */
function decrypt(sealed: string, owner: string): Record<string, unknown> {
  const decipher = createDecipheriv('aes-256-cbc', key(), key().subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]);
  const plain = padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
  const length = plain.readUInt32BE(16);
  expect(plain.subarray(20 + length).toString()).toBe(owner);
  return JSON.parse(plain.subarray(20, 20 + length).toString()) as Record<string, unknown>;
}

function encrypt(text: string, ownerKey: string): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  const owner = Buffer.from(ownerKey);
  const plain = Buffer.concat([randomBytes(16), length, Buffer.from(text), owner]);
  const padding = 32 - (plain.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key(), key().subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(padding, padding))]).toString('base64');
}

const sign = (...parts: string[]): string =>
  createHash('sha1')
    .update([world.env('DINGTALK_CALLBACK_TOKEN'), ...parts].sort().join(''))
    .digest('hex');

function acknowledge(words = 'success', owner = world.env('DINGTALK_CLIENT_ID')): void {
  world.onCallback = (_, response) => {
    const sealed = encrypt(words, owner);
    const reply = { timeStamp: '1700000000000', nonce: 'n1', encrypt: sealed };
    const msg_signature = sign(reply.timeStamp, reply.nonce, sealed);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...reply, msg_signature }));
  };
}

function read(delivery: Delivery | undefined, owner = world.env('DINGTALK_CLIENT_ID')): Record<string, unknown> {
  if (!delivery) throw new Error('Nothing came.');
  const { encrypt: sealed } = JSON.parse(delivery.body) as { encrypt: string };
  const { query } = delivery;
  const signature = sign(query.get('timestamp') ?? '', query.get('nonce') ?? '', sealed);
  expect(query.get('signature')).toBe(signature);
  expect(query.get('msg_signature')).toBe(signature);
  return decrypt(sealed, owner);
}

test('over HTTP an event arrives signed and sealed, in an envelope that names it', async () => {
  const { demo } = await dingtalk.state();
  const { user = '' } = await dingtalk.act({ kind: 'user_joins', name: '李二', department: '1' });
  const [delivery] = await world.delivered(1);
  expect(delivery?.path).toBe('/callbacks/dingtalk');
  expect(read(delivery)).toMatchObject({
    EventType: 'user_add_org',
    CorpId: world.env('DINGTALK_CORP_ID'),
    eventId: expect.any(String),
    EventTime: expect.any(Number),
    userId: [user],
  });
  await dingtalk.settings({ ownerKey: 'corp_id' });
  acknowledge('success', world.env('DINGTALK_CORP_ID'));
  await dingtalk.act({ kind: 'user_moves', user, departments: ['1'], title: demo.rep });
  const moved = await world.delivered(2);
  expect(read(moved.at(-1), world.env('DINGTALK_CORP_ID'))).toMatchObject({ EventType: 'user_modify_org' });
});

test('an answer other than a sealed success is no answer: twice more, then the list of the failed', async () => {
  acknowledge('later');
  await happen('refused');
  const tries = await world.delivered(3);
  expect(new Set(tries.map((one) => read(one)['eventId'])).size).toBe(1);
  acknowledge();
  await happen('accepted');
  await world.delivered(4);
  const failed = async () => (await dingtalk.old('/call_back/get_call_back_failed_result'))['failed_list'];
  expect(await failed()).toEqual([]);
  world.offsetMs = 300_000;
  await dingtalk.token();
  expect(await failed()).toMatchObject([
    { call_back_tag: 'refused', refused: { corpid: world.env('DINGTALK_CORP_ID') } },
  ]);
  expect(await failed()).toEqual([]);
});

test('an answer that comes after a second and a half is tried again', async () => {
  const slow = world.onCallback;
  let first = true;
  world.onCallback = (...of) => {
    if (first) first = false;
    else slow(...of);
  };
  await happen('slow');
  const tries = await world.delivered(2);
  expect(read(tries[1])['eventId']).toBe(read(tries[0])['eventId']);
});

test('faults: an event comes twice, after the next one, or not at all', async () => {
  await dingtalk.faults({ push: { duplicate: true } });
  await happen('twice');
  const twice = await world.delivered(2);
  expect(read(twice[0])['eventId']).toBe(read(twice[1])['eventId']);
  world.deliveries = [];
  await dingtalk.faults({ push: { duplicate: false, lose: true } });
  await happen('lost');
  await dingtalk.faults({ push: { lose: false } });
  await happen('kept');
  expect((await world.delivered(1)).map((one) => read(one)['EventType'])).toEqual(['kept']);
});

test('saving the callback address asks it for a sealed success', async () => {
  expect(await world.post('dingtalk/verify-callback', {})).toEqual({ verified: true });
  expect(read(world.deliveries[0])).toEqual({ EventType: 'check_url' });
  acknowledge('no');
  expect(await world.post('dingtalk/verify-callback', {})).toEqual({ verified: false });
});

const vectors = [
  {
    name: 'DingTalk-Callback-Crypto',
    token: 'mryue',
    aesKey: 'Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7',
    owner: 'ding6ccabc44d2c8d38b',
    timestamp: '1608001896814',
    nonce: 'WL4PK6yA',
    random: 'l7Y3EcX2CU5w8av3',
    plain: '{"EventType":"check_url"}',
    sealed:
      '0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3',
    signature: '03044561471240d4a14bb09372dfcfd4fd0e40cb',
  },
  {
    name: 'the event subscription page',
    token: '123456',
    aesKey: '1234567890123456789012345678901234567890123',
    owner: 'dingsnotzck6pm5veliw',
    timestamp: '1614767836',
    nonce: 'A7Co0cJLMzIDtMMI',
    random: 'dICkEDLj0eb6yAbc',
    plain: 'success',
    sealed: 'YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==',
    signature: '9a95a004dd16f5c307e849b994173f76aa26e5eb',
  },
  {
    name: 'the suite page',
    token: '123456',
    aesKey: '4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij',
    owner: 'suite4xxxxxxxxxxxxxxx',
    timestamp: '1445827045067',
    nonce: 'nEXhMP4r',
    random: 'hU3bEfGZZewzhG5a',
    plain: '{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}',
    sealed:
      '1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ==',
    signature: '5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0',
  },
  {
    name: 'an event in Chinese',
    token: '666666',
    aesKey: 'TXpRMU5qYzRPVEF4TWpNME5UWTNPRGt3TVRJek5EVTI',
    owner: 'dingtestappkey01',
    timestamp: '1700000000000',
    nonce: 'nonce888',
    random: 'aaaabbbbccccdddd',
    plain:
      '{"EventType":"bpms_instance_change","processInstanceId":"pi-0001","corpId":"ding1234","title":"张三提交的采购","type":"start"}',
    sealed:
      'vX4fIRZyaGG0IO7bLFB5ys6xYCrcmXa7hEZbZczU/wmCoaz7+iZR3rSfXGad155wY5aTpaXsUb/eC5SusQ4WR9CgTwuTYZMq5K6ZQ9uMdO5sDHWYoQtXizm/2rIMiZV/m3F42rb+upHYSJmpodHU2eO5K2mYx/etDmHJt5B7YFWAyv1KNftA6TBIHKT1w6V745AczLHyJjEq/b7qMjB9gKFUa9c1CKJhRPZTpKr+5Mk0i6dVUl84ucAub/3sDi5p',
    signature: 'da9f7895975a861e9b374033a4068574e79e1ca1',
  },
];

test.each(vectors)('the sandbox seals, signs and opens as published: $name', (vector) => {
  expect(seal(vector.aesKey, vector.owner, vector.plain, Buffer.from(vector.random))).toBe(vector.sealed);
  expect(signatureOf(vector.token, vector.timestamp, vector.nonce, vector.sealed)).toBe(vector.signature);
  expect(open(vector.aesKey, vector.owner, vector.sealed)).toBe(vector.plain);
  expect(open(vector.aesKey, 'dingsomebodyelse', vector.sealed)).toBeNull();
  expect(open(vector.aesKey, vector.owner, 'junk')).toBeNull();
});

test('a card callback is signed as published', () => {
  expect(cardSignature('cardApiSecret01', '1700000000000')).toBe('UC+0YnMtL1/tK+K/CG+aiVMD4G34JOCKbf7UV87/vCw=');
});
