import { randomBytes, randomUUID } from 'node:crypto';
import { open, seal, signatureOf } from './dingtalk-crypto.ts';
import { streamGateway, streamTiming, type StreamTiming } from './dingtalk-stream.ts';
import type { DingtalkEvent, DingtalkWire } from './dingtalk-world.ts';
import { detailOf } from './log-detail.ts';
import { jsonIn, type Stage } from './stage.ts';

/** K04@0004: answered within 1,500 ms, else again after 10 s and 30 s more; then it is for the list of the failed. */
export interface DingtalkTiming extends StreamTiming {
  answerMs: number;
  retryMs: readonly [number, number];
  /** How long an event waits for one to change places with. */
  reorderMs: number;
}
export const dingtalkTiming: DingtalkTiming = {
  ...streamTiming,
  answerMs: 1500,
  retryMs: [10_000, 30_000],
  reorderMs: 3000,
};

const pendingMax = 500;

/** How the product hears of things: over its Stream connections, or at its callback address. */
export function dingtalkWire(
  stage: Pick<Stage, 'world' | 'url' | 'productUrl' | 'now' | 'changed' | 'tell' | 'log'>,
  timing: DingtalkTiming,
) {
  const stopping = new AbortController();
  const underway = new Set<Promise<void>>();
  const flying = new Set<string>();
  let held: { event: DingtalkEvent; timer: NodeJS.Timeout } | null = null;
  const gateway = streamGateway(stage, timing, pump);
  const world = () => stage.world.dingtalk;

  function tell(about: Pick<DingtalkEvent, 'type' | 'fields'>): void {
    const event: DingtalkEvent = { id: randomUUID(), bornAt: stage.now(), ...about };
    world().lastEvent = event;
    stage.changed();
    if (world().faults.push.lose) return log(event, 'lost', 0);
    if (held) {
      const before = held;
      held = null;
      clearTimeout(before.timer);
      send(event);
      send(before.event);
    } else if (world().faults.push.reorder) {
      held = { event, timer: setTimeout(release, timing.reorderMs) };
    } else send(event);
  }

  function release(): void {
    const last = held;
    held = null;
    if (last) send(last.event);
  }

  function send(event: DingtalkEvent): void {
    const copies = world().faults.push.duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (world().settings.events === 'http') follow(deliver(event));
      else if (copy === 0) wait(event);
      else follow(tellStream(event).then(() => undefined));
    }
  }

  function follow(work: Promise<void>): void {
    const one = work.finally(() => underway.delete(one));
    underway.add(one);
  }

  function wait(event: DingtalkEvent): void {
    const { pending } = world();
    pending.push(event);
    pending.splice(0, pending.length - pendingMax);
    pump();
  }

  /** Everything that waits and is not on its way goes on its way. */
  function pump(): void {
    if (stopping.signal.aborted) return;
    for (const event of world().pending) if (!flying.has(event.id)) follow(fly(event));
  }

  async function fly(event: DingtalkEvent): Promise<void> {
    flying.add(event.id);
    const said = await tellStream(event);
    if (said === 'later') await nap(world().settings.eventAgainMs);
    flying.delete(event.id);
    if (said === 'taken') {
      world().pending = world().pending.filter((one) => one.id !== event.id);
      stage.changed();
    } else if (said !== 'nobody') pump();
  }

  async function tellStream(event: DingtalkEvent) {
    const startedAt = performance.now();
    const said = await gateway.tell(event, world().settings.eventAgainMs);
    if (said !== 'nobody') log(event, said === 'taken' ? '200' : said, performance.now() - startedAt);
    return said;
  }

  function nap(ms: number): Promise<void> {
    if (stopping.signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => clearTimeout(timer));
  }

  async function deliver(event: DingtalkEvent): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (attempt > 0) await nap(timing.retryMs[attempt - 1] ?? 0);
      if (stopping.signal.aborted) return;
      const startedAt = performance.now();
      const code = await post({
        EventType: event.type,
        EventTime: event.bornAt,
        CorpId: world().app.corpId,
        BizId: event.id.slice(0, 8),
        eventId: event.id,
        ...event.fields,
      });
      log(event, code, performance.now() - startedAt);
      if (code === '200') return;
    }
    const { failed } = world();
    failed.push({ event, at: stage.now() });
    failed.splice(0, failed.length - pendingMax);
    stage.changed();
  }

  /** '200' when the product gave back `success`, sealed and signed; else what went wrong. */
  async function post(body: Record<string, unknown>): Promise<string> {
    const { app, settings } = world();
    const owner = settings.ownerKey === 'client_id' ? app.clientId : app.corpId;
    const encrypt = seal(app.callbackAesKey, owner, JSON.stringify(body));
    const timestamp = String(stage.now());
    const nonce = randomBytes(6).toString('hex');
    const signature = signatureOf(app.callbackToken, timestamp, nonce, encrypt);
    const query = new URLSearchParams({ msg_signature: signature, signature, timestamp, nonce });
    try {
      const answer = await fetch(`${stage.productUrl}/callbacks/dingtalk?${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ encrypt }),
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(timing.answerMs)]),
      });
      const said = await answer.text();
      if (answer.status !== 200) return String(answer.status);
      return isSuccess(said, owner) ? '200' : 'not success';
    } catch (error) {
      return (error as Error).name === 'TimeoutError' ? 'timeout' : 'unreachable';
    }
  }

  function isSuccess(reply: string, owner: string): boolean {
    const { app } = world();
    const said = jsonIn(Buffer.from(reply)) as Record<string, unknown> | null;
    const words = (key: string) => String(said?.[key] ?? '');
    const encrypt = words('encrypt');
    const signature = signatureOf(app.callbackToken, words('timeStamp'), words('nonce'), encrypt);
    return signature === words('msg_signature') && open(app.callbackAesKey, owner, encrypt) === 'success';
  }

  function log(event: DingtalkEvent, code: string, ms: number): void {
    const detail = detailOf(event.fields);
    stage.log({ kind: 'push', name: `dingtalk ${event.type}`, code, ms: Math.round(ms), detail });
  }

  async function askByHttp(
    url: string,
    headers: Record<string, string>,
    data: Record<string, unknown>,
    withinMs: number,
  ): Promise<unknown> {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(data),
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(withinMs)]),
      });
      const said = await answer.text();
      return answer.status === 200 ? (jsonIn(Buffer.from(said)) ?? {}) : null;
    } catch {
      // Whatever it was, the phone only sees that nobody answered.
      return null;
    }
  }

  const wire: DingtalkWire = {
    tell,
    repeat() {
      const { lastEvent } = world();
      if (lastEvent) send(lastEvent);
    },
    ask: gateway.ask,
    askByHttp,
    openConnection: gateway.openConnection,
    connections: gateway.connections,
    cut: gateway.cut,
    async verify() {
      const code = await post({ EventType: 'check_url' });
      stage.log({ kind: 'push', name: 'dingtalk check_url', code, ms: 0, detail: '' });
      return code === '200';
    },
  };
  return {
    wire,
    upgrade: gateway.upgrade,
    pump,
    async stop(): Promise<void> {
      if (held) clearTimeout(held.timer);
      held = null;
      stopping.abort();
      gateway.stop();
      await Promise.all(underway);
    },
  };
}
