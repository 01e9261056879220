import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DingtalkAct, DingtalkActResult, DingtalkPhone, DingtalkState } from '#bot/sandbox/dingtalk-phone-api.ts';
import { callerAs, type Call } from '#tests/support/journey.ts';
import { Persistent } from './persistent.ts';

interface Opportunity {
  id: string;
}
interface Approval {
  id: string;
  state: string;
  revision: number;
}

/**
 * A rep who asks, withdraws and asks again, and a manager who decides on the phone and on the page. Both try again until
 * they have an answer, as people do; what was answered is written down here.
 */
export class Office extends Persistent {
  /** Approvals the product said it had taken, by opportunity. */
  readonly asked = new Map<string, string>();
  readonly withdrawn = new Set<string>();
  readonly rejected = new Set<string>();
  /** Contacts that were said to go over, by key. */
  readonly handedOver = new Set<string>();
  presses = 0;
  #isEnding = false;
  #rep!: Call;
  #manager!: Call;
  #director!: Call;
  #phone = '';
  #waiting: string[] = [];

  /** Everyone is in, and there are this many opportunities to ask for something. */
  async open(opportunities: number): Promise<void> {
    const { demo, users } = await this.control<DingtalkState>('dingtalk/state');
    const memberOf = (user: string) => users.find((one) => one.user === user)?.member ?? '';
    this.#phone = demo.manager;
    this.#rep = await callerAs(this.url, memberOf(demo.rep));
    this.#manager = await callerAs(this.url, memberOf(demo.manager));
    this.#director = await callerAs(this.url, memberOf(demo.director));
    for (let made = 0; made < opportunities; made++) {
      const customer = await this.answer<{ id: string }>(this.#rep, 'POST', '/api/customers', {
        kind: 'organisation',
        name: `撞击试验${made}有限公司`,
      });
      const { id } = await this.answer<Opportunity>(this.#rep, 'POST', '/api/opportunities', {
        customerId: customer.id,
        title: `第 ${made} 单`,
        amountFen: 1_000_000,
      });
      this.#waiting.push(id);
    }
  }

  /** `going`: contacts of a member under the manager who go to another, a few at a time. */
  async work(going: { from: string; to: string; contacts: { id: string; key: string }[] }): Promise<void> {
    await Promise.all([this.#ask(), this.#decideOnPhone(), this.#handOver(going)]);
  }

  end(): void {
    this.#isEnding = true;
  }

  async #handOver({ from, to, contacts }: Parameters<Office['work']>[0]): Promise<void> {
    const left = [...contacts];
    while (!this.#isEnding) {
      const some = left.splice(0, 1 + this.random.below(3));
      if (some.length === 0) return;
      const items = some.map(({ id }) => ({ kind: 'contact', id, to }));
      const { id, version } = await this.answer<{ id: string; version: number }>(
        this.#manager,
        'POST',
        '/api/handovers',
        { fromMemberId: from, rule: { by: 'hand', items }, reason: '试验', requestKey: randomUUID() },
      );
      // Its answer may be lost; then the second attempt is refused, since it was done.
      await this.insist(this.#manager, 'POST', `/api/handovers/${id}/submit`, { version });
      const { approvalId } = await this.answer<{ approvalId: string }>(this.#manager, 'GET', `/api/handovers/${id}`);
      const body = { revision: 1, decision: 'approve' };
      await this.insist(this.#director, 'POST', `/api/approvals/${approvalId}/decide`, body);
      for (const { key } of some) this.handedOver.add(key);
      await sleep(this.random.below(1500));
    }
  }

  async #ask(): Promise<void> {
    while (!this.#isEnding) {
      const id = this.#waiting.shift();
      if (!id) {
        await sleep(50);
        continue;
      }
      const body = { discountBp: 1500, reason: '试验', requestKey: randomUUID() };
      const { approval } = await this.answer<{ approval: Approval }>(
        this.#rep,
        'POST',
        `/api/opportunities/${id}/discount`,
        body,
      );
      this.asked.set(id, approval.id);
      if (this.random.chance(0.15)) await this.#withdraw(approval.id);
      await sleep(this.random.below(200));
    }
  }

  async #withdraw(id: string): Promise<void> {
    const { status, error } = await this.insist(this.#rep, 'POST', `/api/approvals/${id}/withdraw`, {});
    // It may have been decided, or taken back by the attempt whose answer was lost.
    if (status === 200 || error === 'approval.withdrawn') this.withdrawn.add(id);
  }

  async #decideOnPhone(): Promise<void> {
    while (!this.#isEnding) {
      await this.decideWhatIsOpen();
      await sleep(this.random.below(300));
    }
  }

  /** Presses what can be pressed; answers how many cards are open. */
  async decideWhatIsOpen(): Promise<number> {
    const { cards } = await this.control<DingtalkPhone>(`dingtalk/phone?user=${this.#phone}`);
    const open = cards.filter(({ shown }) => shown['verdict'] === '');
    for (const { card, shown } of open.slice(0, 6)) {
      const id = /approvals\/([0-9a-f-]+)/.exec(shown['url'] ?? '')?.[1] ?? '';
      if (this.random.chance(0.2)) await this.#reject(id);
      else await this.#press(card, shown['approve_action'] ?? '');
    }
    return open.length;
  }

  async #press(card: string, action: string): Promise<void> {
    const press = () =>
      this.control<DingtalkActResult>('dingtalk/act', {
        kind: 'press_card',
        user: this.#phone,
        card,
        action,
      } satisfies DingtalkAct);
    const presses = await Promise.all(this.random.chance(0.3) ? [press(), press()] : [press()]);
    this.presses += presses.length;
    this.failures += presses.filter(({ press }) => press?.accepted === false).length;
  }

  async #reject(id: string): Promise<void> {
    const body = { revision: 1, decision: 'reject', reason: '试验' };
    const { status } = await this.insist(this.#manager, 'POST', `/api/approvals/${id}/decide`, body);
    if (status === 200) this.rejected.add(id);
  }
}
