import type { Deps } from '#server/base/deps.ts';
import type { CallbackEvent } from '#server/platform/callback.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { Inbox } from './inbox.ts';
import { storeEvents } from './store-events.ts';

/** Keeps a connection open to every platform that tells over one, until `close`. */
export function openStreams(deps: Deps, inbox: Inbox): { close(): Promise<void> } {
  let isClosing = false;
  const opened = deps.platforms.all.flatMap((platform) => {
    if (!platform.stream) return [];
    deps.metrics.streams.set({ platform: platform.name }, 0);
    return [
      platform.stream.open(
        (event) => receiveEvent(deps, inbox, platform, event),
        (state, why) => observe(deps, platform, { state, why, isExpected: state === 'connected' || isClosing }),
      ),
    ];
  });
  return {
    async close() {
      isClosing = true;
      await Promise.all(opened.map((stream) => stream.close()));
    },
  };
}

/** Resolves when it is stored: then, and only then, it is acknowledged. */
async function receiveEvent(deps: Deps, inbox: Inbox, platform: Platform, event: CallbackEvent): Promise<void> {
  const count = (outcome: string) => deps.metrics.callbacks.inc({ platform: platform.name, outcome });
  try {
    const fresh = await storeEvents(inbox, platform, [event], deps.now());
    count(fresh.length > 0 ? 'stored' : 'duplicate');
    inbox.relay.pass(fresh);
  } catch (err) {
    count('not_stored');
    deps.log.error({ err }, 'an event of a stream was not stored');
    throw err;
  }
}

function observe(
  deps: Deps,
  { name }: Platform,
  { state, why, isExpected }: { state: 'connected' | 'disconnected'; why: string; isExpected: boolean },
): void {
  deps.metrics.streams.set({ platform: name }, state === 'connected' ? 1 : 0);
  deps.metrics.streamChanges.inc({ platform: name, state });
  const about = { platform: name, state, reason: why };
  if (isExpected) deps.log.info(about, 'a stream opened or was closed');
  else deps.log.warn(about, 'a stream is not open');
}
