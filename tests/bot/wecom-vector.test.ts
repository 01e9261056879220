import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readCallback, type CallbackRules } from '#bot/wecom/wecom-callback.ts';
import { decodeAesKey } from '#bot/shared/callback-crypto.ts';
import { aesKey, encrypt, keys, seal, signedAt } from '#tests/bot/wecom-sealed.ts';

const vector = (name: string) =>
  readFileSync(new URL(`../fixtures/wecom/vector/${name}`, import.meta.url), 'utf8').trimEnd();
const rules: CallbackRules = { token: keys.token, aesKey, receivers: [keys.receiver], ageMaxSeconds: 300 };

test('the callback WeCom publishes as its example is read as a message of a member to the app', () => {
  const published: CallbackRules = {
    token: 'QDG6eK',
    aesKey: decodeAesKey('jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C') ?? Buffer.alloc(0),
    receivers: ['wx5823bf96d3bd56c7'],
    ageMaxSeconds: 300,
  };
  const result = readCallback(published, {
    method: 'POST',
    query: {
      msg_signature: '477715d11cdb4164915debcba66cb864d751f3e6',
      timestamp: '1409659813',
      nonce: '1372623149',
    },
    headers: {},
    body: Buffer.from(
      `<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><AgentID><![CDATA[218]]></AgentID><Encrypt><![CDATA[${vector('v1-encrypted.txt')}]]></Encrypt></xml>`,
    ),
    receivedAt: new Date(1_409_659_813_000),
  });
  expect(result.events).toHaveLength(1);
  expect(result.events[0]?.body.toString()).toBe(vector('v1-message.xml'));
  expect(result.events[0]?.event).toEqual({
    kind: 'app_message',
    member: 'mycreate',
    messageKey: '4561255354251345929',
    type: 'text',
    text: 'hello',
    occurredAt: '2014-09-02T12:10:13.000Z',
  });
});

test('saving the callback URL in the console is answered with the bare plaintext', () => {
  const result = readCallback(rules, {
    method: 'GET',
    query: {
      msg_signature: '782b0224044d34bd97281ca5cec0de66c874179a',
      timestamp: '1700000000',
      nonce: 'nonce123',
      echostr: 'Q3stYC6hdFzMh9T8HCvyDH0IHJENRtL8kKsqSYgg4gClawqfEI4bjkd/sThBdy5abkkNPf3wQSpydibwulBNcw==',
    },
    headers: {},
    body: Buffer.alloc(0),
    receivedAt: signedAt,
  });
  expect(result).toEqual({ reply: '1616140317555161061', events: [] });
});

test.each([
  [
    'XML',
    (encrypted: string) =>
      `<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
  ],
  ['JSON', (encrypted: string) => JSON.stringify({ tousername: 'x', encrypt: encrypted, agentid: '1000002' })],
])('a contact event in an %s envelope is read and acknowledged', (_, envelope) => {
  const result = readCallback(rules, {
    method: 'POST',
    query: {
      msg_signature: 'af998caa6f3580431b355c4c7c9163e5a0e554ba',
      timestamp: '1700000000',
      nonce: 'nonce123',
    },
    headers: {},
    body: Buffer.from(envelope(vector('v3-encrypted.txt'))),
    receivedAt: signedAt,
  });
  expect(result.reply).toBe('success');
  expect(result.events.map(({ body }) => body.toString())).toEqual([vector('v3-message.xml')]);
  expect(result.events.map(({ event }) => event)).toEqual([
    {
      kind: 'contact_added',
      contact: 'wmTestExternal0001',
      member: 'zhangsan',
      half: false,
      channel: 'ch_1',
      welcomeCode: 'WC_1',
      occurredAt: '2023-11-14T22:13:20.000Z',
    },
  ]);
});

test('the tests seal callbacks exactly as WeCom does', () => {
  expect(seal(vector('v3-message.xml'), keys.receiver, Buffer.from('0123456789abcdef'))).toBe(
    vector('v3-encrypted.txt'),
  );
  expect(encrypt(Buffer.alloc(16))).not.toBe(encrypt(Buffer.alloc(16, 1)));
});
