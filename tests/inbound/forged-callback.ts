import { encrypt, keys, seal, sign, signedAt } from '#tests/bot/wecom-sealed.ts';
import { wireOf } from '#tests/support/keep-alive.ts';
import type { Random } from '#tests/support/random.ts';

const genuineMessage = `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1700000000</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[zhangsan]]></UserID><ExternalUserID><![CDATA[wm0001]]></ExternalUserID></xml>`;

const timestamp = String(signedAt.getTime() / 1000);

interface Push {
  method: string;
  path: string;
  query: [string, string][];
  body: Buffer | string;
}

const envelope = (encrypted: string) =>
  `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><AgentID><![CDATA[1]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;

function signed(encrypted: string, at: string, nonce: string, token = keys.token): Push {
  const msgSignature = sign(encrypted, at, nonce, token);
  const query: [string, string][] = [
    ['msg_signature', msgSignature],
    ['timestamp', at],
    ['nonce', nonce],
  ];
  return { method: 'POST', path: '/callbacks/wecom', query, body: envelope(encrypted) };
}

/** Plaintexts that somebody with the keys could send and WeCom never would. */
const hostileMessages = (random: Random): string[] => [
  '',
  '<xml>',
  `${genuineMessage}<xml/>`,
  genuineMessage.slice(0, random.below(genuineMessage.length)),
  `<!DOCTYPE xml [<!ENTITY a "b">]>${genuineMessage}`,
  `<xml>${'<a>'.repeat(200)}${'</a>'.repeat(200)}</xml>`,
  '<xml><Event>&lol;</Event></xml>',
  `<xml><Event>\0</Event></xml>`,
  `{"Event":${'['.repeat(500)}${']'.repeat(500)}}`,
  '{"Event":',
  '[]',
  'null',
];

const damages: ((push: Push, random: Random) => Push)[] = [
  // Forged
  (push, random) => withParameter(push, 'msg_signature', random.hex(random.pick([0, 1, 39, 40, 41, 4000]))),
  (push, random) => withParameter(push, 'nonce', random.hex(8)),
  (push) => withParameter(push, 'timestamp', '1700000001'),
  (push, random) => without(push, random.pick(['msg_signature', 'timestamp', 'nonce'])),
  (push, random) => ({ ...push, query: [...push.query, [random.pick(push.query)[0], 'again']] }),
  (push, random) => signed(seal(genuineMessage, keys.receiver, random.bytes(16)), timestamp, random.hex(8), 'another'),
  (push, random) => ({ ...push, body: flipped(push.body, random) }),
  // Signed by somebody who has the token, and not WeCom's
  (_, random) => signed(seal(genuineMessage, random.hex(18), random.bytes(16)), timestamp, random.hex(8)),
  (_, random) => signed(seal(genuineMessage), String(Number(timestamp) - 301 - random.below(10 ** 9)), 'n'),
  (_, random) => signed(seal(genuineMessage), random.pick(['', 'x', '-1', '1e9', '9'.repeat(40), '\u0000']), 'n'),
  (_, random) => signed(encrypt(random.bytes(16 * random.below(20))), timestamp, random.hex(8)),
  (_, random) => signed(random.bytes(random.below(300)).toString('base64'), timestamp, random.hex(8)),
  (_, random) => signed(random.hex(random.below(200)), timestamp, random.hex(8)),
  (_, random) => signed(seal(random.pick(hostileMessages(random))), timestamp, random.hex(8)),
  (_, random) => signed(seal(random.bytes(random.below(500))), timestamp, random.hex(8)),
  // Not a callback at all
  (push, random) => ({ ...push, body: random.bytes(random.below(2000)) }),
  (push) => ({ ...push, body: '' }),
  (push, random) => ({ ...push, body: String(push.body).slice(0, random.below(300)) }),
  (push) => ({ ...push, body: `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(99)}">]>${push.body}` }),
  (push, random) => ({
    ...push,
    body: random.pick(['{}', '[]', '{"encrypt":{"__proto__":1}}', '{"encrypt":[1]}', '{']),
  }),
  (push, random) => ({ ...push, body: '<xml>'.repeat(random.below(3000)) }),
  (push) => ({ ...push, body: 'x'.repeat(20_000) }),
  (push, random) => ({ ...push, method: 'GET', query: [...push.query, ['echostr', random.hex(random.below(200))]] }),
  (push, random) => ({ ...push, method: random.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS']) }),
  (push, random) => ({
    ...push,
    path: random.pick(['/callbacks/', '/callbacks/%ff', '/callbacks/__proto__', '/callbacks/wecom/x']),
  }),
  (push, random) => without({ ...push, query: [...push.query, [random.hex(2000), random.hex(2000)]] }, 'nonce'),
];

/** A request that must be refused: each damage breaks something a genuine one needs. */
export function forgedCallback(random: Random): Buffer {
  return bytesOf(random.pick(damages)(genuine(random), random));
}

export function genuineCallback(random: Random): Buffer {
  return bytesOf(genuine(random));
}

function genuine(random: Random): Push {
  return signed(seal(genuineMessage, keys.receiver, random.bytes(16)), timestamp, random.hex(8));
}

function bytesOf({ method, path, query, body }: Push): Buffer {
  return wireOf(
    method,
    `${path}?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`,
    body,
  );
}

function withParameter(push: Push, name: string, value: string): Push {
  return { ...push, query: push.query.map(([key, old]) => [key, key === name ? value : old]) };
}

function without(push: Push, name: string): Push {
  return { ...push, query: push.query.filter(([key]) => key !== name) };
}

/** One bit inside the encrypted part, the only part that is signed. */
function flipped(body: Buffer | string, random: Random): Buffer {
  const bytes = Buffer.from(body);
  const start = bytes.indexOf('<Encrypt><![CDATA[') + '<Encrypt><![CDATA['.length;
  const at = start + random.below(bytes.indexOf(']]></Encrypt>') - start);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}
