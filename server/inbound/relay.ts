import { setTimeout as sleep } from 'node:timers/promises';
import type { Deps } from '#server/base/deps.ts';
import { subjectOf } from '#server/platform/event.ts';
import { strandOf, type EventSwitch } from './inbound-event.ts';
import type { NewEvent } from './inbound-store.ts';

export interface Relay {
  /** Passes stored events on. Never fails: what it loses, the sweep finds. */
  pass(events: NewEvent[]): void;
  settled(): Promise<void>;
}

const URGENT_AT_ONCE_MAX = 4;
const URGENT_WAITING_MAX = 2000;
/** The first event is told at once, those right after it together; a busy ledger may not keep the queue busy too. */
const PAUSE_PER_STRAND_MS = 8;

/** Between the ledger and the queue: urgent parts at once, everything else as nudges together. */
export function makeRelay(deps: Deps, deeds: EventSwitch): Relay {
  const urgent = makeLane<NewEvent>(async (events) => {
    for (let start = 0; start < events.length; start += URGENT_AT_ONCE_MAX) {
      const some = events.slice(start, start + URGENT_AT_ONCE_MAX);
      await Promise.all(some.map(({ platform, event }) => deeds.hurry(deps, platform, event).catch(warn)));
    }
  }, URGENT_WAITING_MAX);
  const nudges = makeLane<number>(async (strands) => {
    await nudge(deps, strands).catch(warn);
    await sleep(new Set(strands).size * PAUSE_PER_STRAND_MS);
  });
  const warn = (err: unknown) => deps.log.warn({ err }, 'an event is left to the sweep');

  return {
    pass(events) {
      const waiting = events.filter(({ state }) => state === 'waiting');
      urgent.add(waiting.filter(({ event }) => deeds.isUrgent(event.kind)));
      nudges.add(waiting.map(({ platform, event }) => strandOf(platform, subjectOf(event))));
    },
    async settled() {
      await Promise.all([urgent.settled(), nudges.settled()]);
    },
  };
}

/** One job for each strand that does not have one waiting, all in one round trip. */
export async function nudge(deps: Deps, strands: readonly number[]): Promise<void> {
  const items = [...new Set(strands)].map((strand) => ({ payload: { strand }, options: { key: String(strand) } }));
  await deps.jobs.addAll('handle-events', items);
}

/** What comes while `work` is busy is worked on together when it is done. */
function makeLane<Item>(work: (items: Item[]) => Promise<void>, waitingMax = Infinity) {
  let waiting: Item[] = [];
  let working: Promise<void> | null = null;

  async function workAll(): Promise<void> {
    while (waiting.length > 0) {
      const items = waiting;
      waiting = [];
      await work(items);
    }
    working = null;
  }

  return {
    add(items: Item[]): void {
      if (items.length === 0 || waiting.length + items.length > waitingMax) return;
      waiting = waiting.concat(items);
      working ??= workAll();
    },
    settled: () => working ?? Promise.resolve(),
  };
}
