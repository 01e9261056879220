/**
 * The rules of an approval once more, as simply as they can be said, to compare the real ones with: people are numbers,
 * time is minutes, and who is asked is a map that people enter and leave.
 */
export type Person = number;
export const REQUESTER: Person = 0;

export interface ReferenceLevel {
  all: boolean;
  people: Person[];
  escalateAfter: number | null;
}

interface Asked {
  /** Minute at which somebody above is asked as well; null: they were, or never. */
  due: number | null;
  /** Came in because somebody was late. */
  above: boolean;
}

export type Action =
  | { do: 'decide'; by: Person; approve: boolean; reason: boolean; stale: boolean }
  | { do: 'withdraw'; by: Person }
  | { do: 'remind'; by: Person }
  | { do: 'transfer'; by: Person; to: Person; stale: boolean }
  | { do: 'ask'; by: Person; stale: boolean }
  | { do: 'answer'; by: Person }
  | { do: 'attach'; by: Person }
  | { do: 'comment'; by: Person }
  | { do: 'leave'; who: Person; to: Person }
  | { do: 'hand over'; from: Person; to: Person }
  | { do: 'wait'; minutes: number }
  | { do: 'clock' }
  | { do: 'effect' };

/** Who is asked when one is late. */
export const above = (person: Person): Person[] => [(person + 1) % 6, (person + 3) % 6];

export class ReferenceModel {
  ended: 'approved' | 'rejected' | 'withdrawn' | 'expired' | null = null;
  requester = REQUESTER;
  at = 0;
  now = 0;
  revision = 1;
  isQuestioned = false;
  remindedAt: number | null = null;
  asked = new Map<Person, Asked>();
  /** Who sat on the open level and may not come back: they agreed, or somebody answered for them. */
  done = new Set<Person>();
  /** Everyone who ever decided, with the level. */
  decisions: { by: Person; level: number }[] = [];
  /** Who ever sat anywhere, later levels included. */
  seated = new Set<Person>();
  effects = 0;
  levels: ReferenceLevel[];
  expiresAt: number | null;

  constructor(levels: ReferenceLevel[], expiresAt: number | null) {
    this.levels = levels.map((level) => ({ ...level, people: [...level.people] }));
    this.expiresAt = expiresAt;
    for (const { people } of levels) for (const person of people) this.seated.add(person);
    if (levels.length === 0) this.ended = 'approved';
    else this.#enter();
  }

  /** The code of the refusal, or null when it was done. */
  apply(action: Action): string | null {
    switch (action.do) {
      case 'decide':
        return this.#decide(action);
      case 'withdraw':
        return this.#asRequester(action.by, () => this.#end('withdrawn'));
      case 'remind':
        return this.#asRequester(action.by, () => {
          if (this.remindedAt !== null && this.now < this.remindedAt + 30) return 'approval.remind_too_soon';
          this.remindedAt = this.now;
          return null;
        });
      case 'transfer':
        return this.#transfer(action);
      case 'ask': {
        const no = this.#mayUse(action.by) ?? (action.stale ? 'approval.changed' : null);
        if (!no) this.isQuestioned = true;
        return no;
      }
      case 'answer':
        return this.#asRequester(action.by, () => {
          if (!this.isQuestioned) return 'approval.no_question';
          this.isQuestioned = false;
          this.revision += 1;
          return null;
        });
      case 'attach':
        if (action.by !== this.requester && !this.asked.has(action.by)) return 'approval.not_asked';
        if (this.#over()) return this.#over();
        if (action.by === this.requester) this.revision += 1;
        return null;
      case 'leave':
        this.#leave(action.who, action.to);
        return null;
      case 'hand over':
        return this.#handOver(action.from, action.to);
      case 'wait':
        this.now += action.minutes;
        return null;
      case 'clock':
        this.#clock();
        return null;
      case 'effect':
        if (this.ended === 'approved' && this.effects === 0) this.effects = 1;
        return null;
      case 'comment':
        return null;
    }
  }

  #over(): string | null {
    if (this.ended === 'approved' || this.ended === 'rejected') return 'approval.already_decided';
    if (this.ended) return `approval.${this.ended}`;
    return this.expiresAt !== null && this.now >= this.expiresAt ? 'approval.expired' : null;
  }

  #mayUse(by: Person): string | null {
    if (by === this.requester) return 'approval.own_request';
    if (!this.seated.has(by)) return 'approval.not_asked';
    if (this.#over()) return this.#over();
    if (this.asked.has(by)) return null;
    const wasOvertaken = this.done.has(by) || this.overtaken.has(by);
    return wasOvertaken || this.decisions.some((one) => one.by === by)
      ? 'approval.already_decided'
      : 'approval.not_asked';
  }

  /** Whose level was decided by others before they did. */
  overtaken = new Set<Person>();

  #decide({ by, approve, reason, stale }: Extract<Action, { do: 'decide' }>): string | null {
    const no = this.#mayUse(by) ?? (stale ? 'approval.changed' : null);
    if (no) return no;
    if (!approve && !reason) return 'approval.reason_needed';
    this.decisions.push({ by, level: this.at });
    const mine = this.asked.get(by);
    this.asked.delete(by);
    if (!approve) return this.#end('rejected');
    this.done.add(by);
    this.isQuestioned = false;
    const isAll = this.levels[this.at]?.all ?? false;
    for (const [person, one] of this.asked) {
      const isLate = !one.above && one.due === null;
      const someoneIsLate = [...this.asked.values()].some((other) => !other.above && other.due === null);
      if (!isAll || (mine?.above ? one.above || isLate : one.above && !someoneIsLate)) this.#overtake(person);
    }
    if (this.asked.size > 0) return null;
    if (this.at === this.levels.length - 1) return this.#end('approved');
    this.at += 1;
    this.done = new Set();
    this.#enter();
    return null;
  }

  #overtake(person: Person): void {
    this.asked.delete(person);
    this.done.add(person);
    this.overtaken.add(person);
  }

  #transfer({ by, to, stale }: Extract<Action, { do: 'transfer' }>): string | null {
    const no = this.#mayUse(by) ?? (stale ? 'approval.changed' : null);
    if (no) return no;
    if (to === this.requester) return 'approval.own_request';
    if (this.asked.has(to) || this.done.has(to)) return 'approval.asked_already';
    this.#pass(by, to);
    return null;
  }

  #pass(from: Person, to: Person): void {
    const mine = this.asked.get(from);
    this.asked.delete(from);
    this.#sit(to, mine?.above ?? false);
  }

  #sit(person: Person, isAbove: boolean): void {
    const after = this.levels[this.at]?.escalateAfter ?? null;
    this.asked.set(person, { due: after === null ? null : this.now + after, above: isAbove });
    this.seated.add(person);
  }

  #leave(who: Person, to: Person): void {
    if (this.ended || !this.asked.has(who)) return;
    if (to === this.requester || this.asked.has(to) || this.done.has(to)) return;
    this.#pass(who, to);
  }

  #handOver(from: Person, to: Person): string | null {
    if (this.ended) return null;
    const later = this.levels.slice(this.at + 1);
    const sits = (who: Person) => this.asked.has(who) || later.some(({ people }) => people.includes(who));
    if (from !== this.requester && !sits(from)) return null;
    const decided = this.decisions.some(({ by }) => by === to);
    if (from === this.requester ? sits(to) || decided : to === this.requester) return 'approval.own_request';
    if (from === this.requester) {
      this.requester = to;
      this.revision += 1;
    }
    const mine = this.asked.get(from);
    if (mine && from !== to && !this.done.has(to)) {
      this.asked.delete(from);
      if (!this.asked.has(to)) {
        this.asked.set(to, mine);
        this.seated.add(to);
      }
    }
    for (const level of later) {
      if (!level.people.includes(from) || from === to) continue;
      level.people = level.people.filter((person) => person !== from && person !== to).concat(to);
      this.seated.add(to);
    }
    return null;
  }

  #clock(): void {
    if (this.ended) return;
    if (this.expiresAt !== null && this.now >= this.expiresAt) {
      this.#end('expired');
      return;
    }
    for (const [person, one] of this.asked) {
      if (one.due === null || one.due > this.now) continue;
      one.due = null;
      for (const next of above(person))
        if (next !== this.requester && !this.asked.has(next) && !this.done.has(next)) this.#sit(next, true);
    }
  }

  #asRequester(by: Person, then: () => string | null): string | null {
    return by === this.requester ? (this.#over() ?? then()) : 'approval.only_requester';
  }

  #enter(): void {
    for (const person of this.levels[this.at]?.people ?? []) this.#sit(person, false);
  }

  #end(how: 'approved' | 'rejected' | 'withdrawn' | 'expired'): null {
    this.ended = how;
    for (const person of this.asked.keys()) this.overtaken.add(person);
    this.asked.clear();
    this.isQuestioned = false;
    return null;
  }
}
