import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '#server/base/caller.ts';
import { readConfig } from '#server/base/config.ts';
import { openDatabase } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeFieldCipher, sealJson } from '#server/base/field-cipher.ts';
import { localLive } from '#server/base/live.ts';
import { makeLog } from '#server/base/log.ts';
import { makeMetrics } from '#server/base/metrics.ts';
import { listPlatforms } from '#server/base/platforms.ts';
import { connectQueue } from '#server/base/queue.ts';
import { chooseBasis } from '#server/scoring/choose-basis.ts';
import { promoteModel } from '#server/scoring/promote-model.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import { DAY_MS, makeHistory } from '#tests/scoring/history.ts';
import type { Random } from '#tests/support/random.ts';

/** A company whose admin, customers and clock keep scoring busy; it sees the product's database and its queue only. */
export class Scorers {
  readonly deps: Deps;
  /** Contacts that deleted everybody here. */
  readonly gone = new Set<string>();
  asked = 0;
  readonly #random: Random;
  readonly #close: () => Promise<unknown>;
  #admin: Caller | null = null;
  #contactIds: string[] = [];
  #isOver = false;

  static async enter(random: Random, databaseUrl: string, secret: string): Promise<Scorers> {
    const log = makeLog('silent');
    const open = openDatabase(databaseUrl, () => {}, 4);
    const queue = await connectQueue({ databaseUrl, log });
    const config = readConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent', SESSION_SECRET: secret });
    const deps: Deps = {
      db: open.db,
      pool: open.pool,
      jobs: queue.jobs,
      live: localLive(),
      platforms: listPlatforms([]),
      cipher: makeFieldCipher(secret),
      config,
      metrics: makeMetrics(),
      log,
      now: () => new Date(),
      llm: {
        configured: false,
        ask: async () => ({ answer: null, outcome: 'off', runId: null }),
        noteDropped: async () => {},
      },
    };
    return new Scorers(random, deps, async () => {
      await queue.close();
      await open.close();
    });
  }

  private constructor(random: Random, deps: Deps, close: () => Promise<unknown>) {
    this.#random = random;
    this.deps = deps;
    this.#close = close;
  }

  /** A past of which a model can learn, and of each contact some scores of long ago. */
  async settle({ sales, silent }: { sales: number; silent: number }): Promise<void> {
    const { deps } = this;
    this.#contactIds = await makeHistory(deps, { sales, silent });
    this.#admin = await callerOf(deps, await makeMember(deps, { role: 'admin', name: '林管理' }));
    const about = { value: 41, method: 'rules@1', factors: sealJson(deps.cipher, []) };
    for (const days of [300, 250, 200]) {
      const at = new Date(Date.now() - days * DAY_MS);
      await deps.db.score.createMany({ data: this.#contactIds.map((contactId) => ({ contactId, at, ...about })) });
    }
  }

  /** Until `end`. What is asked for while nobody is there waits in the queue. */
  async work(): Promise<void> {
    while (!this.#isOver) {
      await this.#doSomething();
      this.asked++;
      await sleep(500 + this.#random.below(2500));
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** Everything the clock asks for; nothing holds it back, as a key of a job whose process died would. */
  async nudge(): Promise<void> {
    await this.deps.jobs.add('rescore-contacts', {});
    await this.deps.jobs.add('forget-scores', {});
  }

  async watch(): Promise<void> {
    await this.deps.jobs.add('watch-health', {});
  }

  async #watchSome(): Promise<void> {
    const some = Array.from({ length: 100 }, () => this.#random.pick(this.#contactIds));
    await this.deps.jobs.add('watch-health', { contactIds: [...new Set([...some, ...this.gone])] });
  }

  async #doSomething(): Promise<void> {
    const { jobs } = this.deps;
    switch (this.#random.below(7)) {
      case 0:
        return jobs.add('train-scoring', { target: 'lead', asked: true }, { key: 'lead now' });
      case 1:
        return this.#promote();
      case 2:
        return this.#set(this.#random.chance(0.7));
      case 3:
        return this.#leave();
      case 4:
        return this.#rise();
      case 5:
        await this.newNight();
        return this.nudge();
      default:
        return this.#watchSome();
    }
  }

  /** A second night of forgetting, when the first has come to its end. */
  async newNight(): Promise<void> {
    await this.deps.db.scoringWork.updateMany({ where: { forgetAfter: null }, data: { forgottenAt: null } });
  }

  async #promote(): Promise<void> {
    const { db } = this.deps;
    const where = { target: 'lead', state: { not: 'champion' } };
    const others = await db.scoringModel.findMany({ where, select: { id: true } });
    if (others.length === 0 || !this.#admin) return;
    const { id } = this.#random.pick(others);
    // Learned anew meanwhile: one that was not adopted may be gone.
    await promoteModel(this.deps, this.#admin, { id, reason: '换一个试试' }).catch(() => {});
  }

  async #set(modelOn: boolean): Promise<void> {
    if (this.#admin) await chooseBasis(this.deps, this.#admin, { target: 'lead', modelOn, reason: '换一个试试' });
  }

  /** By the model at last. */
  async setModelOn(): Promise<void> {
    await this.#set(true);
  }

  async #leave(): Promise<void> {
    const contactId = this.#random.pick(this.#contactIds);
    const left = { state: 'removed_by_contact', changedAt: new Date() };
    await this.deps.db.follow.updateMany({ where: { contactId }, data: left });
    this.gone.add(contactId);
    await this.deps.jobs.add('score-contact', { contactId });
  }

  async #rise(): Promise<void> {
    const grade = this.#random.pick(['A', 'B', 'C', 'D'] as const);
    const contactId = this.#random.pick(this.#contactIds);
    const { customerId } = await this.deps.db.binding.findFirstOrThrow({ where: { contactId } });
    await this.deps.db.customer.update({ where: { id: customerId }, data: { grade, updatedAt: new Date() } });
    await this.deps.jobs.add('rescore-contacts', {});
  }

  async leave(): Promise<void> {
    await this.#close();
  }
}
