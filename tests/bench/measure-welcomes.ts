import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeLog } from '#server/base/log.ts';
import { connectQueue, type QueueConnection } from '#server/base/queue.ts';
import { newState } from '#server/channel/channel.ts';
import { keys, seal, sign } from '#tests/bot/wecom-sealed.ts';
import { makeContact, makeMember } from '#tests/support/factories.ts';
import { KeepAlive, wireOf } from '#tests/support/keep-alive.ts';
import type { Stage } from './stage.ts';
import { quantileOf, type Line } from './table.ts';

const WAITING = 50_000;
const ADDS = 200;
const ADDS_PER_SECOND = 5;
const CONTACTS = 500;
/** How long a call of the platform takes, as one over the internet does. */
const CALL_MS = 40;
/** No platform takes a welcome after that. */
const WORTHLESS_MS = 20_000;

/**
 * Contacts come in by a channel while the queue is full of other work, and is kept full: from the callback being sent to
 * the platform being called with the welcome. All real: HTTP, the queue on PostgreSQL, one process for web and jobs.
 */
export async function measureWelcomes(stage: Stage): Promise<Line[]> {
  const messenger = await startMessenger();
  const queue = await connectQueue({ databaseUrl: stage.databaseUrl, log: makeLog('error') });
  const { state, contactIds } = await fill(stage.databaseUrl);
  await addWork(queue, contactIds, WAITING);
  const product = await stage.startProduct({
    PROCESS: 'all',
    WECOM_API_BASE: `http://127.0.0.1:${messenger.port}`,
  });
  const http = await KeepAlive.open(product.port);
  const sentAt = new Map<string, number>();
  let waitingMin = WAITING;
  for (let n = 0; n < ADDS; n++) {
    if (n % 20 === 0) waitingMin = Math.min(waitingMin, await refill(queue, contactIds));
    const code = `welcome-${n}`;
    sentAt.set(code, performance.now());
    const { status } = await http.ask(addOf(n, code, state));
    if (status !== 200) throw new Error(`A callback was answered ${status}.`);
    await sleep(1000 / ADDS_PER_SECOND);
  }
  const endsAt = performance.now() + WORTHLESS_MS;
  while (messenger.welcomedAt.size < ADDS && performance.now() < endsAt) await sleep(100);
  http.close();
  await product.stop();
  await queue.close();
  await messenger.close();

  const tookMs = [...sentAt].map(([code, at]) => (messenger.welcomedAt.get(code) ?? Infinity) - at);
  const missing = tookMs.filter((ms) => ms === Infinity).length;
  const p99 = quantileOf(tookMs, 0.99);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  return [
    { what: 'welcomes: other jobs waiting meanwhile, at least', value: `${waitingMin}` },
    { what: 'welcomes that never came', value: `${missing} of ${ADDS}`, aim: '0', isMet: missing === 0 },
    { what: 'welcome, callback to platform call, p50', value: seconds(quantileOf(tookMs, 0.5)) },
    { what: 'welcome, callback to platform call, p99', value: seconds(p99), aim: '≤ 5 s', isMet: p99 <= 5000 },
  ];
}

/** Answers how many waited before. */
async function refill(queue: QueueConnection, contactIds: string[]): Promise<number> {
  const depth = (await queue.depth())['work'] ?? {};
  const waiting = depth['waiting'] ?? 0;
  await addWork(queue, contactIds, Math.max(0, WAITING - waiting));
  return waiting;
}

async function addWork(queue: QueueConnection, contactIds: string[], count: number): Promise<void> {
  for (let start = 0; start < count; start += 1000) {
    const items = Array.from({ length: Math.min(1000, count - start) }, (_, n) => ({
      payload: { contactId: contactIds[(start + n) % contactIds.length] ?? '' },
    }));
    await queue.jobs.addAll('score-contact', items);
  }
}

/** A member, a channel with words of its own, and contacts for the other jobs to be about. */
async function fill(databaseUrl: string): Promise<{ state: string; contactIds: string[] }> {
  const { db, close } = openDatabase(databaseUrl, () => {}, 4);
  const deps = { db, now: () => new Date() } as Deps;
  const member = await makeMember(deps, { key: 'welcomer', name: '林晓' });
  const contactIds: string[] = [];
  for (let n = 0; n < CONTACTS; n++) contactIds.push((await makeContact(deps, { followedBy: [member] })).id);
  const state = newState();
  const shifts = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', memberIds: [member.id] }];
  const welcomes = [{ hours: null, content: { text: '{contact}您好，我是{member}', attachments: [] } }];
  const channel = { platform: 'wecom', kind: 'code', name: '展会', state, createdBy: member.id, shownState: 'failed' };
  await db.channel.create({
    data: { ...channel, duty: { shifts, spareIds: [] }, welcomes, nextAttemptAt: new Date(8.64e12) },
  });
  await close();
  return { state, contactIds };
}

function addOf(n: number, welcomeCode: string, state: string): Buffer {
  const seconds = String(Math.floor(Date.now() / 1000));
  const fields = { UserID: 'welcomer', ExternalUserID: `wmNew${n}`, State: state, WelcomeCode: welcomeCode };
  const about = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  const encrypted = seal(
    `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>${seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType>${about.join('')}</xml>`,
  );
  const target = `/callbacks/wecom?msg_signature=${sign(encrypted, seconds, `n${n}`)}&timestamp=${seconds}&nonce=n${n}`;
  return wireOf(
    'POST',
    target,
    `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
  );
}

interface Messenger {
  port: number;
  /** By code. */
  welcomedAt: Map<string, number>;
  close(): Promise<void>;
}

/** The platform's side: as much of it as a welcome needs, and “busy” for everything else. */
async function startMessenger(): Promise<Messenger> {
  const welcomedAt = new Map<string, number>();
  const answers: Record<string, (query: URLSearchParams, body: string) => object> = {
    '/cgi-bin/gettoken': () => ({ access_token: 'token', expires_in: 7200 }),
    '/cgi-bin/externalcontact/get': (query) => ({
      external_contact: { external_userid: query.get('external_userid'), name: '陈女士', type: 1, gender: 2 },
      follow_user: [{ userid: 'welcomer', createtime: Math.floor(Date.now() / 1000) }],
    }),
    '/cgi-bin/externalcontact/send_welcome_msg': (_, body) => {
      const { welcome_code } = JSON.parse(body) as { welcome_code: string };
      welcomedAt.set(welcome_code, performance.now());
      return {};
    },
  };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const answer = answers[url.pathname]?.(url.searchParams, Buffer.concat(chunks).toString());
      const said = answer ? { errcode: 0, errmsg: 'ok', ...answer } : { errcode: -1, errmsg: 'system busy' };
      setTimeout(() => {
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(said));
      }, CALL_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    welcomedAt,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
