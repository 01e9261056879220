import { expect, test } from 'vitest';
import { readCallback, sealedReply, type CallbackRules } from '#bot/dingtalk/dingtalk-callback.ts';
import { cardSignature, robotSignature } from '#bot/dingtalk/dingtalk-crypto.ts';
import { signatureOf as pageSignatureOf } from '#bot/dingtalk/dingtalk-jssdk.ts';
import { decodeAesKey, decrypt, encrypt, signatureOf } from '#bot/shared/callback-crypto.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import { keys, rules } from '#tests/bot/dingtalk-sealed.ts';

/** The published ones, and one with Chinese in it. */
const vectors = [
  {
    token: 'mryue',
    key: 'Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7',
    owner: 'ding6ccabc44d2c8d38b',
    timestamp: '1608001896814',
    nonce: 'WL4PK6yA',
    signature: '03044561471240d4a14bb09372dfcfd4fd0e40cb',
    encrypted:
      '0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3',
    text: '{"EventType":"check_url"}',
    random: 'l7Y3EcX2CU5w8av3',
  },
  {
    token: '123456',
    key: '1234567890123456789012345678901234567890123',
    owner: 'dingsnotzck6pm5veliw',
    timestamp: '1614767836',
    nonce: 'A7Co0cJLMzIDtMMI',
    signature: '9a95a004dd16f5c307e849b994173f76aa26e5eb',
    encrypted: 'YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==',
    text: 'success',
    random: 'dICkEDLj0eb6yAbc',
  },
  {
    token: '123456',
    key: '4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij',
    owner: 'suite4xxxxxxxxxxxxxxx',
    timestamp: '1445827045067',
    nonce: 'nEXhMP4r',
    signature: '5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0',
    encrypted:
      '1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ==',
    text: '{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}',
    random: 'hU3bEfGZZewzhG5a',
  },
  {
    token: keys.token,
    key: keys.aesKey,
    owner: keys.clientId,
    timestamp: '1700000000000',
    nonce: 'nonce888',
    signature: 'da9f7895975a861e9b374033a4068574e79e1ca1',
    encrypted:
      'vX4fIRZyaGG0IO7bLFB5ys6xYCrcmXa7hEZbZczU/wmCoaz7+iZR3rSfXGad155wY5aTpaXsUb/eC5SusQ4WR9CgTwuTYZMq5K6ZQ9uMdO5sDHWYoQtXizm/2rIMiZV/m3F42rb+upHYSJmpodHU2eO5K2mYx/etDmHJt5B7YFWAyv1KNftA6TBIHKT1w6V745AczLHyJjEq/b7qMjB9gKFUa9c1CKJhRPZTpKr+5Mk0i6dVUl84ucAub/3sDi5p',
    text: '{"EventType":"bpms_instance_change","processInstanceId":"pi-0001","corpId":"ding1234","title":"张三提交的采购","type":"start"}',
    random: 'aaaabbbbccccdddd',
  },
];

const keyOf = (key: string) => decodeAesKey(key) ?? Buffer.alloc(0);

test.each(vectors)('what DingTalk sealed for $owner is opened, and sealed again to the letter', (vector) => {
  const { token, key, owner, timestamp, nonce, signature, encrypted, text, random } = vector;
  expect(signatureOf(token, timestamp, nonce, encrypted)).toBe(signature);
  const opened = decrypt({ token, aesKey: keyOf(key), receivers: ['other', owner] }, encrypted);
  expect(opened).toEqual({ message: Buffer.from(text), receiver: owner });
  expect(encrypt(keyOf(key), opened, Buffer.from(random))).toBe(encrypted);
  expect(() => decrypt({ token, aesKey: keyOf(key), receivers: ['other'] }, encrypted)).toThrow(CallbackRefused);
});

const events = vectors.filter(({ text }) => text !== 'success');

test.each(events)('the callback with it is read, under either spelling of its parameters', (vector) => {
  const { token, key, owner, timestamp, nonce, signature, encrypted, text } = vector;
  const its: CallbackRules = { ...rules, clientId: owner, callback: { token, aesKey: keyOf(key) } };
  const request = {
    method: 'POST' as const,
    headers: {},
    body: Buffer.from(JSON.stringify({ encrypt: encrypted })),
    receivedAt: new Date(Number(timestamp)),
  };
  const result = readCallback(its, { ...request, query: { msg_signature: signature, timestamp, nonce } });
  const old = readCallback(its, { ...request, query: { signature, timeStamp: timestamp, nonce } });
  expect(old).toEqual(result);
  const kind = text.includes('bpms') ? 'form_changed' : 'unknown';
  expect(result.events.map(({ event }) => event.kind)).toEqual(text.includes('check_url"') ? [] : [kind]);
});

test('the answer “success” is sealed and signed as published', () => {
  const about = {
    timestamp: '1700000000000',
    nonce: 'nonce888',
    random: Buffer.from('aaaabbbbccccdddd'),
    receiver: keys.clientId,
  };
  expect(JSON.parse(sealedReply({ token: keys.token, aesKey: keyOf(keys.aesKey) }, about))).toEqual({
    msg_signature: '801da3a17b47bc0d20ed732afa46d5b5bca95953',
    timeStamp: '1700000000000',
    nonce: 'nonce888',
    encrypt: 'vX4fIRZyaGG0IO7bLFB5ytoNXq1ig5m2Zv/Y1rolxjPbeo+9BCl32AN1lKZRkULtd8lgCG2NL9UkdZjd9SXdGw==',
  });
});

test('a robot’s message, a card’s press and a page are signed as published', () => {
  expect(robotSignature('SECtest123', '1700000000000')).toBe('w3RMHXzixTMdzr8OHJUmVLS4IoPJVdu+Ut1LE48MePE=');
  expect(cardSignature('cardApiSecret01', '1700000000000')).toBe('UC+0YnMtL1/tK+K/CG+aiVMD4G34JOCKbf7UV87/vCw=');
  const page = 'https://h5.example.com/approve?id=1';
  const signature = 'cfe65f6e50464e9dce9e19900823b0d2fdfd1b80cf1cc431a2cfc191a979e33b';
  expect(pageSignatureOf('TICKET123', 'abc123', 1_700_000_000, page)).toBe(signature);
  expect(pageSignatureOf('TICKET123', 'abc123', 1_700_000_000, `${page}#/approvals/1`)).toBe(signature);
});

test('a page’s query is signed decoded, and a stray % as it is', () => {
  const sign = (url: string) => pageSignatureOf('T', 'N', 1, url);
  expect(sign('https://h5.example.com/a?next=%2Finbox%3Fx%3D1')).toBe(sign('https://h5.example.com/a?next=/inbox?x=1'));
  expect(sign('https://h5.example.com/a?rate=15%')).not.toBe(sign('https://h5.example.com/a?rate=15'));
});
