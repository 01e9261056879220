import { describe, expect, test } from 'vitest';
import { readCallback } from '#bot/dingtalk/dingtalk-callback.ts';
import { decrypt, signatureOf } from '#bot/shared/callback-crypto.ts';
import { platformEvent } from '#server/platform/event.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import type { CallbackRequest } from '#server/platform/callback.ts';
import {
  aesKey,
  cardPress,
  cardRequest,
  eventRequest,
  keys,
  robotMessage,
  robotRequest,
  rules,
  signedAt,
} from '#tests/bot/dingtalk-sealed.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';

const joined = { EventType: 'user_add_org', EventTime: 1_699_999_998_000, eventId: 'e1', userId: ['zhangsan', 'lisi'] };
const read = (request: CallbackRequest) => readCallback(rules, request);
const eventsIn = (request: CallbackRequest) => read(request).events.map(({ event }) => event);
const reasonOf = (request: CallbackRequest): string => {
  try {
    read(request);
  } catch (error) {
    if (error instanceof CallbackRefused) return error.reason;
    throw error;
  }
  return 'read';
};
const later = (request: CallbackRequest, ms: number) => ({
  ...request,
  receivedAt: new Date(signedAt.getTime() + ms),
});

describe('an event by HTTP', () => {
  test('tells of each member it names, under a body of their own', () => {
    const { events } = read(eventRequest(joined));
    expect(events.map(({ event }) => event)).toEqual([
      { kind: 'member_joined', member: 'zhangsan', occurredAt: '2023-11-14T22:13:18.000Z' },
      { kind: 'member_joined', member: 'lisi', occurredAt: '2023-11-14T22:13:18.000Z' },
    ]);
    expect(new Set(events.map(({ body }) => body.toString())).size).toBe(2);
  });

  test('is the same event when it comes again, sealed and signed anew', () => {
    const again = eventRequest(joined, { timestamp: String(signedAt.getTime() + 10_000), nonce: 'other' });
    expect(read(again).events).toEqual(read(eventRequest(joined)).events);
    const { eventId: _, ...withoutId } = joined;
    const bodies = [eventRequest(withoutId), eventRequest(withoutId, { nonce: 'x' })].map((one) => read(one).events);
    expect(bodies[0]).toEqual(bodies[1]);
    expect(read(eventRequest({ ...withoutId, EventTime: 1 })).events).not.toEqual(bodies[0]);
  });

  test('is answered with “success”, sealed for whom it was meant', () => {
    for (const owner of [keys.clientId, keys.corpId]) {
      const { reply, replyType, neverRepeats } = read(eventRequest(joined, { owner, names: 'old' }));
      expect([replyType, neverRepeats]).toEqual(['application/json', undefined]);
      const said = JSON.parse(reply) as Record<string, string>;
      const { encrypt = '', timeStamp = '', nonce = '', msg_signature } = said;
      expect(msg_signature).toBe(signatureOf(keys.token, timeStamp, nonce, encrypt));
      expect(decrypt({ token: keys.token, aesKey, receivers: [owner] }, encrypt).message.toString()).toBe('success');
    }
  });

  test('that only checks the address tells nothing', () => {
    expect(read(eventRequest({ EventType: 'check_url' })).events).toEqual([]);
  });

  test('is refused when it is not signed, not for us, old, or not whole', () => {
    const good = eventRequest(joined);
    expect(reasonOf({ ...good, query: { ...good.query, msg_signature: 'f'.repeat(40) } })).toBe('signature');
    expect(reasonOf({ ...good, query: { ...good.query, nonce: 'changed' } })).toBe('signature');
    expect(reasonOf({ ...good, query: {} })).toBe('signature');
    expect(reasonOf(eventRequest(joined, { owner: 'dingsomebodyelse' }))).toBe('receiver');
    expect(reasonOf(later(good, 301_000))).toBe('stale');
    expect(reasonOf(later(good, -301_000))).toBe('stale');
    expect(reasonOf(later(good, 290_000))).toBe('read');
    expect(reasonOf(eventRequest(joined, { timestamp: 'yesterday' }))).toBe('malformed');
    expect(reasonOf(eventRequest('[1]'))).toBe('malformed');
    expect(reasonOf(eventRequest('{'))).toBe('malformed');
    expect(reasonOf(eventRequest('', { encrypted: 'AAAA' }))).toBe('malformed');
    expect(reasonOf({ ...good, body: Buffer.from('{}') })).toBe('malformed');
    expect(reasonOf({ ...good, method: 'GET' })).toBe('malformed');
  });

  test('is not taken where no key for it is set', () => {
    expect(() => readCallback({ ...rules, callback: null }, eventRequest(joined))).toThrow(CallbackRefused);
  });
});

describe('the press of a card by HTTP', () => {
  test('says who pressed what on which card, and what was filled in', () => {
    const { events, neverRepeats, reply } = read(cardRequest(cardPress));
    expect(events[0]?.event).toEqual({
      kind: 'card_pressed',
      card: 'approval-1-lisi',
      member: 'lisi',
      action: 'reject',
      values: { reason: '折扣太低', level: '2' },
      messageKey: expect.stringMatching(/^[\w-]{43}$/),
      occurredAt: signedAt.toISOString(),
    });
    expect([neverRepeats, reply]).toEqual([true, '{}']);
  });

  test('is another press a moment later, and the same one word for word', () => {
    const [first] = read(cardRequest(cardPress)).events;
    expect(read(cardRequest(cardPress)).events[0]).toEqual(first);
    const [second] = read(cardRequest(cardPress, String(signedAt.getTime() + 1))).events;
    expect(second?.body).not.toEqual(first?.body);
  });

  test('goes by the button’s own name where the template gives no action', () => {
    const content = JSON.stringify({ cardPrivateData: { actionIds: ['agree'], params: {} } });
    expect(eventsIn(cardRequest({ ...cardPress, content }))).toMatchObject([{ action: 'agree', values: {} }]);
    expect(eventsIn(cardRequest({ ...cardPress, content: '{}' }))).toMatchObject([{ kind: 'unknown' }]);
  });

  test('is refused when it is not signed, when it is a minute old, and where there is no secret', () => {
    const good = cardRequest(cardPress);
    const forged = { ...good, headers: { ...good.headers, 'x-ddpaas-signature': 'AAAA' } };
    expect(reasonOf(forged)).toBe('signature');
    const { 'x-ddpaas-signature-timestamp': _, ...without } = good.headers;
    expect(reasonOf({ ...good, headers: without })).toBe('signature');
    expect(reasonOf(later(good, 61_000))).toBe('stale');
    expect(reasonOf(later(good, 59_000))).toBe('read');
    expect(reasonOf({ ...good, body: Buffer.from('press') })).toBe('malformed');
    expect(() => readCallback({ ...rules, cardSecret: null }, good)).toThrow(CallbackRefused);
  });
});

describe('a message to the robot by HTTP', () => {
  test('says who wrote what, once however often it comes', () => {
    const [told] = read(robotRequest(robotMessage)).events;
    expect(told?.event).toEqual({
      kind: 'app_message',
      member: 'zhangsan',
      messageKey: 'msg-1',
      type: 'text',
      text: '今天还有几个审批？',
      occurredAt: '2023-11-14T22:13:19.000Z',
    });
    const again = robotRequest({ ...robotMessage, sessionWebhook: 'https://other' }, String(signedAt.getTime() + 5));
    expect(read(again).events[0]?.body).toEqual(told?.body);
  });

  test('is refused when it is not signed with our secret, or an hour old', () => {
    const good = robotRequest(robotMessage);
    expect(reasonOf({ ...good, headers: { ...good.headers, sign: 'AAAA' } })).toBe('signature');
    expect(reasonOf(later(good, 3_601_000))).toBe('stale');
  });

  test('of somebody outside the company is kept, and nothing more', () => {
    const { senderStaffId: _, ...outside } = robotMessage;
    expect(eventsIn(robotRequest(outside))).toEqual([
      { kind: 'unknown', name: 'robot message incomplete', occurredAt: '2023-11-14T22:13:19.000Z' },
    ]);
  });
});

const HOW_MANY = 50_000;

test(`${HOW_MANY} malformed or forged callbacks are refused, or mean nothing, and none does harm`, () => {
  const random = seededRandom();
  console.log(`forged DingTalk callbacks: SEED=${random.seed}`);
  const outcomes: Record<string, number> = {};
  for (let made = 0; made < HOW_MANY; made++) {
    const { request, isSigned } = forged(random);
    const outcome = outcomeOf(request, random.seed);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    // Whoever does not know a key gets nothing in, whatever they send.
    if (!isSigned && !['signature', 'malformed', 'stale', 'receiver'].includes(outcome))
      throw new Error(`SEED=${random.seed}: ${outcome} for ${JSON.stringify(request.query)}`);
  }
  console.log(`outcomes: ${JSON.stringify(outcomes)}`);
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['signature', 'malformed', 'stale', 'unknown']));
});

/** Why it was refused, or what it was taken for. Anything else thrown is a fault of ours. */
function outcomeOf(request: CallbackRequest, seed: number): string {
  try {
    const { events } = read(request);
    for (const { event } of events) platformEvent.parse(event);
    if (events.some(({ body }) => body.length === 0)) throw new Error('An event without a body is any other.');
    return events[0]?.event.kind ?? 'nothing';
  } catch (error) {
    if (error instanceof CallbackRefused) return error.reason;
    throw new Error(`SEED=${seed}: ${request.body.toString('latin1').slice(0, 2000)}`, { cause: error });
  }
}

/** A good callback with something wrong about it; or one that is signed, by whoever holds the keys, and holds nonsense. */
function forged(random: Random): { request: CallbackRequest; isSigned: boolean } {
  const make = random.pick([
    () => eventRequest(joined),
    () => cardRequest(cardPress),
    () => robotRequest(robotMessage),
  ]);
  const spoil = random.pick(spoils);
  return spoil(make(), random);
}

type Spoil = (good: CallbackRequest, random: Random) => { request: CallbackRequest; isSigned: boolean };
const unsigned = (request: CallbackRequest) => ({ request, isSigned: false });
const signed = (request: CallbackRequest) => ({ request, isSigned: true });

const spoils: Spoil[] = [
  (good) => unsigned({ ...good, query: {}, headers: {} }),
  (good, random) => {
    const names = Object.keys({ ...good.query, ...good.headers }).filter((name) => name !== 'content-type');
    const name = random.pick(names);
    const change = (of: Record<string, string>) =>
      Object.hasOwn(of, name) ? { ...of, [name]: random.pick(nonsense) } : of;
    return unsigned({ ...good, query: change(good.query), headers: change(good.headers) });
  },
  (good, random) => unsigned({ ...later(good, random.pick([-1, 1]) * 86_400_000) }),
  (good) => unsigned({ ...good, method: 'GET', body: Buffer.alloc(0) }),
  (_, random) => {
    const encrypted = random.pick(['', 'AAAA', '====', sixtyFour, '你好', 'A'.repeat(5000)]);
    return unsigned({ ...eventRequest(''), body: Buffer.from(JSON.stringify({ encrypt: encrypted })) });
  },
  (_, random) => signed(eventRequest('', { encrypted: random.bytes(16 * (1 + random.below(19))).toString('base64') })),
  (_, random) => signed(eventRequest(random.pick(bodies)(random))),
  (_, random) => signed({ ...cardRequest({}), body: Buffer.from(random.pick(bodies)(random)) }),
  (_, random) => signed({ ...robotRequest({}), body: Buffer.from(random.pick(bodies)(random)) }),
];

const sixtyFour = Buffer.alloc(64, 7).toString('base64');
const nonsense = [
  '',
  ' ',
  '0',
  '1e9',
  '-1',
  'null',
  '__proto__',
  '\0',
  '好',
  'f'.repeat(40),
  'A'.repeat(10_000),
  '\ud800',
];
const values: unknown[] = [
  null,
  0,
  -1,
  1e308,
  true,
  '',
  '\0',
  '\ud800',
  [],
  [[]],
  {},
  { toString: 1 },
  'x'.repeat(900),
];
const names = [
  'EventType',
  'eventtype',
  'EventTime',
  'eventId',
  'userId',
  'UserId',
  'deptId',
  'processInstanceId',
  'taskId',
  'unionIdList',
  'outTrackId',
  'content',
  'msgId',
  'senderStaffId',
  'msgtype',
  'text',
  'createAt',
  '__proto__',
  'constructor',
];
const kinds = [
  'user_add_org',
  'user_leave_org',
  'org_dept_modify',
  'bpms_task_change',
  'todo_task_update',
  'made_up',
  '',
];

const bodies: ((random: Random) => string)[] = [
  (random) => JSON.stringify(Object.fromEntries(names.map((name) => [name, random.pick(values)]))),
  (random) =>
    JSON.stringify({
      EventType: random.pick(kinds),
      ...Object.fromEntries(names.slice(2).map((name) => [name, random.pick(values)])),
    }),
  (random) => JSON.stringify({ ...cardPress, content: random.pick(values) }),
  (random) =>
    JSON.stringify({
      ...cardPress,
      content: JSON.stringify({ cardPrivateData: { actionIds: random.pick(values), params: random.pick(values) } }),
    }),
  (random) => JSON.stringify(joined).slice(0, random.below(80)),
  () => `${'['.repeat(2000)}${']'.repeat(2000)}`,
  () => `{"EventType":"user_add_org","userId":${'['.repeat(1000)}${']'.repeat(1000)}}`,
  (random) => random.pick(['null', '[]', '1', '"x"', '', '{}', '\0', '{"EventType":', '\ufeff{}']),
];
