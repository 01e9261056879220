import type { Deps } from '#server/base/deps.ts';
import { makeEventWriter, type EventWriter } from './event-writer.ts';
import type { EventSwitch } from './inbound-event.ts';
import { makeRelay, type Relay } from './relay.ts';

/** Where callbacks are taken in: one for each process. */
export interface Inbox {
  writer: EventWriter;
  relay: Relay;
  deeds: EventSwitch;
  /** Resolves when everything taken in is stored and passed on. */
  settled(): Promise<void>;
}

export function openInbox(deps: Deps, deeds: EventSwitch): Inbox {
  const writer = makeEventWriter(deps.pool, deps.cipher);
  const relay = makeRelay(deps, deeds);
  return {
    writer,
    relay,
    deeds,
    async settled() {
      await writer.settled();
      await relay.settled();
    },
  };
}
