import { hash } from 'node:crypto';
import type { CallbackEvent } from '#server/platform/callback.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { NewEvent } from './inbound-store.ts';
import type { Inbox } from './inbox.ts';

/** Resolves after the commit that holds them, with those that were new; rejects when they are not stored. */
export async function storeEvents(
  inbox: Inbox,
  platform: Platform,
  events: CallbackEvent[],
  receivedAt: Date,
): Promise<NewEvent[]> {
  return inbox.writer.store(
    events.map(({ event, body }) => {
      const state = inbox.deeds.ignores(event.kind) ? 'ignored' : 'waiting';
      return { platform: platform.name, bodyHash: hash('sha256', body, 'hex'), event, state, receivedAt };
    }),
  );
}
