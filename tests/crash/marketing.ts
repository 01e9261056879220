import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import type { BroadcastView } from '#server/broadcast/broadcast-api.ts';
import { callerAs, type Call } from '#tests/support/journey.ts';
import type { Random } from '#tests/support/random.ts';
import { Persistent } from './persistent.ts';

export interface People {
  marketer: string;
  manager: string;
  admin: string;
}

const texts = ['您好，{member}为您准备了春季新品', '老客户专享：本周下单有礼'];

/**
 * Somebody of marketing who writes broadcasts and sends them for approval, a manager who approves, members who confirm or
 * do not. All of them try again until they have an answer, as people do.
 */
export class Marketing extends Persistent {
  /** What was approved, by broadcast: as its page said when the manager approved it. */
  readonly approved = new Map<string, { contentHash: string; recipientHash: string }>();
  readonly cancelled = new Set<string>();
  withdrawn = 0;
  readonly #pool: pg.Pool;
  #isEnding = false;
  #confirmsAll = false;
  #marketer!: Call;
  #manager!: Call;
  #segmentId = '';
  #decided: () => void = () => {};

  constructor(url: string, random: Random, pool: pg.Pool) {
    super(url, random);
    this.#pool = pool;
  }

  async open(people: People): Promise<void> {
    const admin = await callerAs(this.url, people.admin);
    this.#marketer = await callerAs(this.url, people.marketer);
    this.#manager = await callerAs(this.url, people.manager);
    await this.answer(admin, 'PUT', '/api/settings/broadcast-rules', {
      perDay: null,
      perWeek: null,
      perMonth: null,
      fatigue: null,
      quiet: null,
      confirmDays: 3,
      windowDays: 7,
    });
    const everybody = { name: '所有联系人', description: '', rule: { all: [] } };
    this.#segmentId = (await this.answer<{ id: string }>(this.#marketer, 'POST', '/api/segments', everybody)).id;
  }

  /** One broadcast after the other to the contacts of each of these groups of members, and members who confirm. */
  async work(groups: string[][]): Promise<void> {
    await Promise.all([...groups.map((memberIds) => this.#campaign(memberIds)), this.#confirm()]);
  }

  /** What has begun is carried to its end. */
  end(): void {
    this.#isEnding = true;
  }

  /** Resolves in the moment in which the next approval was answered. */
  nextDecision(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#decided = resolve;
    return promise;
  }

  async #campaign(memberIds: string[]): Promise<void> {
    while (!this.#isEnding) {
      const id = await this.#submitted(memberIds);
      const frozen = await this.#until(id, ({ state, planning }) => state !== 'freezing' || planning === null);
      if (frozen.state !== 'awaiting_approval') {
        await sleep(500);
        continue;
      }
      if (this.random.chance(0.1)) {
        const { status } = await this.insist(this.#marketer, 'POST', `/api/broadcasts/${id}/withdraw`, {});
        if (status === 200) this.withdrawn += 1;
        continue;
      }
      if (this.random.chance(0.3)) await this.#optOut(id);
      await this.#approve(frozen);
      if (this.random.chance(0.25)) await this.#cancel(id);
      await this.#until(id, ({ state, finishedAt }) => this.#isEnding || state === 'finished' || finishedAt !== null);
    }
  }

  async #submitted(memberIds: string[]): Promise<string> {
    const name = `群发 ${this.random.hex(4)}`;
    const { id, version } = await this.answer<BroadcastView>(this.#marketer, 'POST', '/api/broadcasts', { name });
    const parts = this.random.chance(0.5) ? [50, 50] : [100];
    const variants = parts.map((share, at) => ({
      key: 'AB'.charAt(at),
      share,
      content: { text: this.random.pick(texts) },
    }));
    const audience = { segmentId: this.#segmentId, memberIds, holdOutPercent: this.random.pick([0, 10]) };
    // An answer may be lost: the second attempt is refused then, since it was done.
    await this.insist(this.#marketer, 'PUT', `/api/broadcasts/${id}`, {
      name,
      version,
      audience,
      content: { variants },
      sendAt: null,
    });
    await this.answer(this.#marketer, 'POST', `/api/broadcasts/${id}/test`, {});
    const seen = await this.#read(id);
    await this.insist(this.#marketer, 'POST', `/api/broadcasts/${id}/submit`, {
      version: seen.version,
      reason: '试验',
    });
    return id;
  }

  /** One of those it was approved for asks not to be written to, before it leaves. */
  async #optOut(id: string): Promise<void> {
    await this.#pool.query(
      `UPDATE "Contact" SET "optedOutAt" = now(), "optedOutBy" = 'member' WHERE id =
         (SELECT "contactId" FROM "BroadcastRecipient" WHERE "broadcastId" = $1 AND part = 'target' ORDER BY 1 LIMIT 1)`,
      [id],
    );
  }

  async #approve({ id, approval, contentHash, recipientHash }: BroadcastView): Promise<void> {
    if (!approval || contentHash === null || recipientHash === null) throw new Error(`${id} has nothing to approve.`);
    const body = { revision: 1, decision: 'approve' };
    const answered = await this.insist(this.#manager, 'POST', `/api/approvals/${approval.id}/decide`, body);
    if (answered.status === 200 || answered.error === 'approval.already_decided') {
      this.approved.set(id, { contentHash, recipientHash });
      this.#decided();
    } else throw new Error(`The approval was answered with ${answered.status} ${answered.error}.`);
  }

  async #cancel(id: string): Promise<void> {
    await sleep(this.random.below(12_000));
    const { status } = await this.insist(this.#marketer, 'POST', `/api/broadcasts/${id}/cancel`, {
      reason: '价格有误',
    });
    if (status === 200) this.cancelled.add(id);
  }

  async #confirm(): Promise<void> {
    while (!this.#isEnding || !this.#confirmsAll) {
      await this.confirmSome(0.5);
      await sleep(300);
      if (this.#isEnding) this.#confirmsAll = true;
    }
  }

  /** Members press send, this share of those who are asked. */
  async confirmSome(share: number): Promise<void> {
    const { sends } = await this.control<{ sends: SandboxGroupSend[] }>('group-sends');
    for (const { id, member, state } of sends) {
      if (state !== 'waiting' || !this.random.chance(share)) continue;
      // It may be cancelled at the same moment.
      await this.control('act', { kind: 'send_confirmed', member, send: id }).catch(() => {});
    }
  }

  #read = (id: string) => this.answer<BroadcastView>(this.#marketer, 'GET', `/api/broadcasts/${id}`);

  async #until(id: string, is: (broadcast: BroadcastView) => boolean): Promise<BroadcastView> {
    for (;;) {
      const broadcast = await this.#read(id);
      if (is(broadcast)) return broadcast;
      await sleep(150 + this.random.below(200));
    }
  }
}
