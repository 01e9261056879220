import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys, pushOf, seal } from '#tests/bot/wecom-sealed.ts';
import { KeepAlive, wireOf, type Answer } from '#tests/support/keep-alive.ts';
import type { Random } from '#tests/support/random.ts';
import type { Company, Happening } from './company.ts';

const ANSWER_MS_MAX = 5000;
const CONNECTIONS = 32;

interface Delivery {
  message: string;
  hash: string;
  failures: number;
}

/**
 * Tells the product what happens in the company, as WeCom does and worse: some callbacks twice and more, some late and
 * out of order, each again until it is acknowledged.
 */
export class Messenger {
  /** sha256 of every message that was sent, and of every one that was acknowledged. */
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  deliveries = 0;
  failures = 0;
  #ready: Delivery[] = [];
  #open = 0;
  #isEnding = false;
  readonly #random: Random;
  readonly #port: number;

  constructor(random: Random, port: number) {
    this.#random = random;
    this.#port = port;
  }

  /** `perSecond` callbacks a second, a share of them told for the first time. Resolves after `end`, when all are acknowledged. */
  async tellOf(company: Company, perSecond: number): Promise<void> {
    const couriers = Array.from({ length: CONNECTIONS }, () => this.#carry());
    const startedAt = performance.now();
    for (let told = 0; !this.#isEnding;) {
      const due = ((performance.now() - startedAt) / 1000) * perSecond;
      while (told < due) told += this.#tell(company.happen(Date.now()));
      await sleep(20);
    }
    await Promise.all(couriers);
  }

  end(): void {
    this.#isEnding = true;
  }

  #tell(happening: Happening): number {
    const message = messageOf(happening);
    const hash = createHash('sha256').update(message).digest('hex');
    this.sent.add(hash);
    const copies = 1 + this.#random.below(4);
    for (let copy = 0; copy < copies; copy++) {
      this.#open += 1;
      this.#later({ message, hash, failures: 0 }, this.#random.chance(0.5) ? 0 : this.#random.below(1500));
    }
    return copies;
  }

  #later(delivery: Delivery, delayMs: number): void {
    if (delayMs === 0) this.#ready.push(delivery);
    else setTimeout(() => this.#ready.push(delivery), delayMs);
  }

  async #carry(): Promise<void> {
    let connection: KeepAlive | undefined;
    while (this.#open > 0 || !this.#isEnding) {
      const delivery = this.#ready.shift();
      if (!delivery) {
        await sleep(10);
        continue;
      }
      this.deliveries += 1;
      try {
        connection = connection?.isOpen ? connection : await KeepAlive.open(this.#port);
        const { status, body } = await this.#post(connection, delivery.message);
        if (status !== 200 || body !== 'success') throw new Error(`The answer was ${status}.`);
        this.acknowledged.add(delivery.hash);
        this.#open -= 1;
      } catch {
        connection?.close();
        this.failures += 1;
        delivery.failures += 1;
        this.#later(delivery, Math.min(200 * 2 ** delivery.failures, 3000) + this.#random.below(300));
        await sleep(100);
      }
    }
    connection?.close();
  }

  async #post(connection: KeepAlive, message: string): Promise<Answer> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const { query, body } = pushOf(seal(message), { timestamp, nonce: this.#random.hex(8) });
    const timer = setTimeout(() => connection.close(), ANSWER_MS_MAX);
    const request = wireOf('POST', `/callbacks/wecom?${new URLSearchParams(query)}`, body);
    return connection.ask(request).finally(() => clearTimeout(timer));
  }
}

function messageOf(happening: Happening): string {
  const { member, at } = happening;
  if (happening.kind === 'message') {
    return xml({
      FromUserName: member,
      CreateTime: at,
      MsgType: 'text',
      Content: 'hello',
      MsgId: happening.key,
      AgentID: 1,
    });
  }
  const about = {
    FromUserName: 'sys',
    CreateTime: at,
    MsgType: 'event',
    Event: 'change_external_contact',
    UserID: member,
    ExternalUserID: happening.contact,
  };
  switch (happening.kind) {
    case 'added':
      return xml({
        ...about,
        ChangeType: happening.half ? 'add_half_external_contact' : 'add_external_contact',
        ...(happening.channel ? { State: happening.channel } : {}),
        ...(happening.code ? { WelcomeCode: happening.code } : {}),
      });
    case 'edited':
      return xml({ ...about, ChangeType: 'edit_external_contact' });
    case 'consented':
      return xml({ ...about, ChangeType: 'msg_audit_approved' });
    case 'removed':
      return xml({ ...about, ChangeType: happening.by === 'member' ? 'del_external_contact' : 'del_follow_user' });
  }
}

function xml(fields: Record<string, string | number>): string {
  const elements = Object.entries({ ToUserName: keys.receiver, ...fields });
  return `<xml>${elements.map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`).join('')}</xml>`;
}
