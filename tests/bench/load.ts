import { keys, seal, sign } from '#tests/bot/wecom-sealed.ts';
import { KeepAlive, wireOf } from '#tests/support/keep-alive.ts';
import { quantileOf } from './table.ts';

/** What the load process is asked for, and answers, over its channel to the bench. */
export interface LoadOrder {
  port: number;
  connections: number;
  seconds: number;
  /** Callbacks a second, each sent at its time whether or not the one before is answered; 0: as fast as they are answered. */
  rate: number;
  /** Makes this run's callbacks unlike those of any other. */
  run: number;
  /** Every so many callbacks one asks for work afterwards, the others are only kept; each does unless said otherwise. */
  workEvery?: number;
}
export interface LoadReport {
  acknowledged: number;
  refused: number;
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of each callback, when they all asked for little. */
  latenciesMs?: number[];
}

const CONTACTS = 20_000;
const FASTEST_PER_SECOND = 20_000;

/** Sealed before the clock runs: the load shall not cost what is measured. */
function makeCallbacks(count: number, run: number, workEvery: number): Buffer[] {
  const seconds = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, n) => {
    const told = n % workEvery === 0 ? contactEdited(run, n) : groupChanged(run, n);
    const message = `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>${seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType>${told}</xml>`;
    const encrypted = seal(message);
    const nonce = `n${n}`;
    const target = `/callbacks/wecom?msg_signature=${sign(encrypted, String(seconds), nonce)}&timestamp=${seconds}&nonce=${nonce}`;
    return wireOf(
      'POST',
      target,
      `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
    );
  });
}

const contactEdited = (run: number, n: number) =>
  `<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[edit_external_contact]]></ChangeType><UserID><![CDATA[member-${run}-${Math.floor(n / CONTACTS)}]]></UserID><ExternalUserID><![CDATA[wmAAAAAAAAAAAAAAAAAAAAAA${n % CONTACTS}]]></ExternalUserID>`;

/** Kept and acknowledged like any other; nothing is done about it. */
const groupChanged = (run: number, n: number) =>
  `<Event><![CDATA[change_external_chat]]></Event><ChangeType><![CDATA[update]]></ChangeType><ChatId><![CDATA[wrAAAAAAAAAAAAAAAAAAAAAA${run}-${n}]]></ChatId><UpdateDetail><![CDATA[change_notice]]></UpdateDetail>`;

async function run(order: LoadOrder): Promise<LoadReport> {
  const { connections, seconds, rate } = order;
  const callbacks = makeCallbacks((rate || FASTEST_PER_SECOND) * seconds, order.run, order.workEvery ?? 1);
  const open = await Promise.all(Array.from({ length: connections }, () => KeepAlive.open(order.port)));
  const latencies: number[] = [];
  let refused = 0;
  let next = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  // Measured from when a callback was due, not from when a connection was free for it.
  const dueAt = (n: number) => (rate ? startedAt + (n * 1000) / rate : performance.now());

  async function sendThrough(connection: KeepAlive): Promise<void> {
    while (performance.now() < endsAt) {
      const n = next++;
      const callback = callbacks[n];
      if (!callback) return;
      const due = dueAt(n);
      if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      const sentAt = rate ? Math.max(due, startedAt) : performance.now();
      const { status } = await connection.ask(callback);
      if (status === 200) latencies.push(performance.now() - sentAt);
      else refused += 1;
    }
  }
  await Promise.all(open.map(sendThrough));
  const took = (performance.now() - startedAt) / 1000;
  for (const connection of open) connection.close();

  const quantile = (part: number) => quantileOf(latencies, part);
  return {
    acknowledged: latencies.length,
    refused,
    perSecond: latencies.length / took,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
    ...(order.workEvery ? { latenciesMs: latencies } : {}),
  };
}

if (import.meta.main) {
  process.on('message', (order: LoadOrder) => {
    void run(order).then((report) => process.send?.(report));
  });
}
