import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCallback, type CallbackRules } from '#bot/wecom/wecom-callback.ts';
import { platformEvent } from '#server/platform/event.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';
import { aesKey, callbackOf, encrypt, keys, pushOf, seal, sign, signedAt } from '#tests/bot/wecom-sealed.ts';

const rules: CallbackRules = { token: keys.token, aesKey, receivers: [keys.receiver], ageMaxSeconds: 300 };
const message =
  '<xml><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>edit_external_contact</ChangeType><UserID>a</UserID><ExternalUserID>b</ExternalUserID></xml>';
const genuine = () => callbackOf(message);

function refusal(request: CallbackRequest, by = rules): string {
  try {
    readCallback(by, request);
  } catch (error) {
    if (error instanceof CallbackRefused) return error.reason;
    throw error;
  }
  return 'accepted';
}

const replaced = (request: CallbackRequest, query: Record<string, unknown>) => ({
  ...request,
  query: { ...request.query, ...query } as Record<string, string>,
});
const block = (length: number, fill: number) => Buffer.alloc(length, fill);

test('a genuine callback is accepted', () => {
  expect(refusal(genuine())).toBe('accepted');
});

test.each<[string, () => CallbackRequest, string]>([
  [
    'a signature of another token',
    () => replaced(genuine(), { msg_signature: sign('x', '1700000000', 'n') }),
    'signature',
  ],
  ['a short signature', () => replaced(genuine(), { msg_signature: 'ab' }), 'signature'],
  [
    'a signature in capitals',
    () => replaced(genuine(), { msg_signature: genuine().query['msg_signature']?.toUpperCase() }),
    'signature',
  ],
  ['no signature', () => replaced(genuine(), { msg_signature: undefined }), 'signature'],
  ['no query at all', () => ({ ...genuine(), query: {} }), 'signature'],
  ['a nonce given twice', () => replaced(genuine(), { nonce: ['nonce123', 'nonce123'] }), 'signature'],
  ['another nonce', () => replaced(genuine(), { nonce: 'nonce124' }), 'signature'],
  ['another timestamp', () => replaced(genuine(), { timestamp: '1700000001' }), 'signature'],
  ['a timestamp that is no number', () => pushOf(seal(message), { timestamp: '1e9' }), 'malformed'],
  ['a timestamp of 6 minutes ago', () => pushOf(seal(message), { timestamp: '1699999640' }), 'stale'],
  ['a timestamp of 6 minutes ahead', () => pushOf(seal(message), { timestamp: '1700000360' }), 'stale'],
  ['another receiver', () => pushOf(seal(message, 'ww0000000000000000')), 'receiver'],
  ['no receiver', () => pushOf(seal(message, '')), 'receiver'],
  ['no body', () => ({ ...genuine(), body: Buffer.alloc(0) }), 'malformed'],
  ['no encrypted part', () => ({ ...genuine(), body: Buffer.from('<xml><A>1</A></xml>') }), 'malformed'],
  [
    'two encrypted parts',
    () => ({ ...genuine(), body: Buffer.from('<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>') }),
    'malformed',
  ],
  ['a JSON array', () => ({ ...genuine(), body: Buffer.from('[{"encrypt":"a"}]') }), 'malformed'],
  ['cut JSON', () => ({ ...genuine(), body: Buffer.from('{"encrypt":"a') }), 'malformed'],
  ['deep JSON', () => ({ ...genuine(), body: Buffer.from(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) }), 'malformed'],
  [
    'an encrypted part that is no text',
    () => ({ ...genuine(), body: Buffer.from('{"encrypt":{"a":1}}') }),
    'malformed',
  ],
  ['something that is not base64', () => pushOf('*'.repeat(64)), 'malformed'],
  ['base64 for URLs', () => pushOf('_-'.repeat(32)), 'malformed'],
  ['a cut ciphertext', () => pushOf(seal(message).slice(0, -24)), 'malformed'],
  ['one block', () => pushOf(encrypt(block(16, 16))), 'malformed'],
  ['nothing but padding', () => pushOf(encrypt(block(32, 32))), 'malformed'],
  ['padding of 0', () => pushOf(encrypt(block(64, 0))), 'malformed'],
  ['padding of 33', () => pushOf(encrypt(block(64, 33))), 'malformed'],
  ['padding that differs inside', () => pushOf(encrypt(Buffer.concat([block(63, 7), block(1, 16)]))), 'malformed'],
  [
    'a length beyond the end',
    () => pushOf(encrypt(Buffer.concat([block(16, 1), block(4, 255), block(44, 12)]))),
    'malformed',
  ],
  ['a message that is no XML', () => pushOf(seal('hello')), 'malformed'],
  ['a message with a DTD', () => pushOf(seal('<!DOCTYPE xml><xml><A>1</A></xml>')), 'malformed'],
  ['an empty message', () => pushOf(seal('')), 'malformed'],
])('a callback with %s is refused', (_, make, reason) => {
  expect(refusal(make())).toBe(reason);
});

test('the age of a callback does not matter where the deployment says so', () => {
  expect(refusal(pushOf(seal(message), { timestamp: '1' }), { ...rules, ageMaxSeconds: 0 })).toBe('accepted');
});

test('the same push delivered twice has the same body, whatever it was encrypted with', () => {
  const [first, second] = [genuine(), genuine()].map((request) => readCallback(rules, request).events[0]?.body);
  expect(first?.toString('hex')).toBe(second?.toString('hex'));
});

const hex40 = fc.stringMatching(/^[0-9a-f]{40}$/);
const parameters = fc.dictionary(
  fc.constantFrom('msg_signature', 'timestamp', 'nonce', 'echostr', 'x'),
  fc.oneof(fc.string(), fc.constant('1700000000'), hex40, fc.array(fc.string()) as fc.Arbitrary<never>),
);
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const markup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<xml>',
        '</xml>',
        '<Encrypt>',
        '</Encrypt>',
        '<![CDATA[',
        ']]>',
        '<!DOCTYPE x [',
        '&lt;',
        '&x;',
        '{',
        '}',
      ),
      fc.constantFrom('"encrypt":', '<?xml?>', '<a b="', '/>', '\0', '\uFEFF'),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.from(parts.join('')));
const method = fc.constantFrom('GET' as const, 'POST' as const);
/** What a property is broken by, with the seed to see it again; '' when it holds. */
function broken<Input>(runs: number, property: fc.IProperty<Input>): string {
  return fc.defaultReportMessage(fc.check(property, { numRuns: runs })) ?? '';
}

test('30,000 callbacks of any bytes and any query are refused, each for a reason that has a name', () => {
  const request = fc.record({
    method,
    query: parameters,
    headers: fc.constant({}),
    body: fc.oneof(bytes, markup),
    receivedAt: fc.constant(signedAt),
  });
  const property = fc.property(request, (request) => ['signature', 'malformed'].includes(refusal(request)));
  expect(broken(30_000, property)).toBe('');
});

test('20,000 genuine callbacks with one byte changed, cut or added are refused, or mean what they meant', () => {
  const original = genuine();
  const meant = JSON.stringify(readCallback(rules, original).events[0]);
  const change = fc.record({
    part: fc.constantFrom('body', 'msg_signature', 'timestamp', 'nonce'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    how: fc.constantFrom('change', 'cut', 'add'),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  const property = fc.property(change, ({ part, at, how, byte }) => {
    const before = part === 'body' ? original.body : Buffer.from(original.query[part] ?? '');
    const place = Math.floor(at * before.length);
    const rest = how === 'cut' ? [] : [Buffer.from([byte]), before.subarray(how === 'add' ? place : place + 1)];
    const after = Buffer.concat([before.subarray(0, place), ...rest]);
    const changed =
      part === 'body' ? { ...original, body: after } : replaced(original, { [part]: after.toString('latin1') });
    // What surrounds the signed part of the body may change and says nothing.
    return refusal(changed) !== 'accepted' || JSON.stringify(readCallback(rules, changed).events[0]) === meant;
  });
  expect(broken(20_000, property)).toBe('');
});

test('10,000 plaintexts that are signed but not whole are refused, or become an event of the port', () => {
  const names = fc.array(fc.constantFrom('MsgType', 'Event', 'ChangeType', 'CreateTime', 'UserID', 'Id'), {
    minLength: 1,
    maxLength: 6,
  });
  const encrypted = fc.oneof(
    fc
      .uint8Array({ minLength: 32, maxLength: 320 })
      .map((array) => encrypt(Buffer.from(array.subarray(0, array.length & ~15)))),
    fc.oneof(bytes, markup).map((message) => seal(message)),
    names.map((names) => seal(`<xml>${names.map((name) => `<${name}>event</${name}>`).join('')}</xml>`)),
    fc.json().map((json) => seal(json)),
  );
  const property = fc.property(encrypted, (encrypted) => {
    const request = pushOf(encrypted);
    return (
      refusal(request) === 'malformed' ||
      refusal(request) === 'receiver' ||
      readCallback(rules, request).events.every(({ event }) => platformEvent.safeParse(event).success)
    );
  });
  expect(broken(10_000, property)).toBe('');
});
