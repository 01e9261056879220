import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { LogEntry } from './sandbox-api.ts';
import { hideWelcomeCode } from './log-detail.ts';
import { seconds, type Company, type Push, type World } from './stage.ts';

/** D90930: a push not answered with 200 within 5 s is tried again, three times in all. */
export interface PushTiming {
  answerMs: number;
  /** Before the second and the third try; the real spacing is not published. */
  retryMs: readonly [number, number];
  /** How long a push waits for one to change places with. */
  reorderMs: number;
}
export const pushTiming: PushTiming = { answerMs: 5000, retryMs: [2000, 6000], reorderMs: 3000 };

/** Delivers pushes to the product's callback address as the platform does: signed, encrypted, at its own leisure. */
export function pusher(options: {
  world: () => World;
  productUrl: () => string;
  now: () => number;
  log: (entry: Omit<LogEntry, 'id' | 'at'>) => void;
  timing?: PushTiming;
}) {
  const timing = options.timing ?? pushTiming;
  const stopping = new AbortController();
  const underway = new Set<Promise<void>>();
  let held: { send: () => void; timer: NodeJS.Timeout } | null = null;

  function start(push: Push): void {
    const { faults, company } = options.world();
    const name = push.fields['ChangeType'] ? `${push.event}/${push.fields['ChangeType']}` : push.event;
    const xml = eventXml(push, company, seconds(options.now()));
    if (faults.callbacks.lose) {
      options.log({ kind: 'push', name, code: 'lost', ms: 0, detail: hideWelcomeCode(xml) });
      return;
    }
    const send = () => {
      for (let copy = 0; copy < (faults.callbacks.duplicate ? 2 : 1); copy += 1) {
        const delivery = deliver(name, xml).finally(() => underway.delete(delivery));
        underway.add(delivery);
      }
    };
    if (held) {
      const before = held;
      held = null;
      clearTimeout(before.timer);
      send();
      before.send();
    } else if (faults.callbacks.reorder) {
      held = { send, timer: setTimeout(release, timing.reorderMs) };
    } else send();
  }

  function release(): void {
    const last = held;
    held = null;
    last?.send();
  }

  async function deliver(name: string, xml: string): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (attempt > 0) await pause(timing.retryMs[attempt - 1] ?? 0);
      if (stopping.signal.aborted) return;
      const startedAt = performance.now();
      const code = await post(xml);
      const ms = Math.round(performance.now() - startedAt);
      const detail = `${attempt > 0 ? `try ${attempt + 1}\n` : ''}${hideWelcomeCode(xml)}`;
      options.log({ kind: 'push', name, code, ms, detail });
      if (code === '200') return;
    }
  }

  async function post(xml: string): Promise<string> {
    const { company } = options.world();
    const sealed = sealPush(company, xml, seconds(options.now()), randomBytes(16));
    try {
      const answer = await fetch(`${options.productUrl()}/callbacks/wecom?${sealed.query}`, {
        method: 'POST',
        headers: { 'content-type': 'text/xml', 'user-agent': 'Mozilla/4.0' },
        body: sealed.body,
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(timing.answerMs)]),
      });
      await answer.arrayBuffer();
      return String(answer.status);
    } catch (error) {
      return (error as Error).name === 'TimeoutError' ? 'timeout' : 'unreachable';
    }
  }

  function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => clearTimeout(timer));
  }

  /** D90930: what happens when an operator saves the callback address: it must answer with the words it decrypts. */
  async function verify(): Promise<boolean> {
    const { company } = options.world();
    const words = String(randomBytes(8).readBigUInt64BE());
    const timestamp = String(seconds(options.now()));
    const nonce = String(randomBytes(4).readUInt32BE());
    const echostr = sealText(company, words, randomBytes(16));
    const signature = pushSignature(company.callbackToken, timestamp, nonce, echostr);
    const query = new URLSearchParams({ msg_signature: signature, timestamp, nonce, echostr });
    const startedAt = performance.now();
    const answer = await fetch(`${options.productUrl()}/callbacks/wecom?${query}`, {
      // It has a second for this one.
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(1000)]),
    }).catch(() => null);
    const isRight = answer?.status === 200 && (await answer.text()) === words;
    const ms = Math.round(performance.now() - startedAt);
    options.log({ kind: 'push', name: 'verify', code: String(answer?.status ?? 'unreachable'), ms, detail: '' });
    return isRight;
  }

  return {
    start,
    verify,
    async stop(): Promise<void> {
      if (held) clearTimeout(held.timer);
      held = null;
      stopping.abort();
      await Promise.all(underway);
    },
  };
}

function eventXml(push: Push, company: Company, createTime: number): string {
  const text = (value: string) => `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
  const fields = Object.entries(push.fields).map(
    ([key, value]) => `<${key}>${typeof value === 'number' ? value : text(value)}</${key}>`,
  );
  return [
    `<xml><ToUserName>${text(company.corpId)}</ToUserName>`,
    `<FromUserName>${text(push.from ?? 'sys')}</FromUserName>`,
    `<CreateTime>${createTime}</CreateTime>`,
    `<MsgType>${text(push.msgType ?? 'event')}</MsgType>`,
    push.msgType ? '' : `<Event>${text(push.event)}</Event>`,
    ...fields,
    '</xml>',
  ].join('');
}

/** D90968: AES-256-CBC, PKCS7 to 32 bytes, random(16) + length + message + receiver; SHA-1 over the sorted four. */
function sealPush(
  company: Pick<Company, 'corpId' | 'agentId' | 'callbackToken' | 'callbackAesKey'>,
  xml: string,
  timestamp: number,
  random: Buffer,
): { query: string; body: string } {
  const encrypted = sealText(company, xml, random);
  const nonce = String(randomBytes(4).readUInt32BE());
  const query = new URLSearchParams({
    msg_signature: pushSignature(company.callbackToken, String(timestamp), nonce, encrypted),
    timestamp: String(timestamp),
    nonce,
  });
  const body =
    `<xml><ToUserName><![CDATA[${company.corpId}]]></ToUserName><AgentID><![CDATA[${company.agentId}]]></AgentID>` +
    `<Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;
  return { query: query.toString(), body };
}

function sealText(company: Pick<Company, 'corpId' | 'callbackAesKey'>, message: string, random: Buffer): string {
  const key = Buffer.from(`${company.callbackAesKey}=`, 'base64');
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const plain = Buffer.concat([random, length, bytes, Buffer.from(company.corpId)]);
  const padding = 32 - (plain.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(padding, padding)), cipher.final()]).toString(
    'base64',
  );
}

function pushSignature(token: string, timestamp: string, nonce: string, encrypted: string): string {
  return createHash('sha1').update([token, timestamp, nonce, encrypted].sort().join('')).digest('hex');
}
