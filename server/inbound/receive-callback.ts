import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { CallbackRequest, CallbackResult } from '#server/platform/callback.ts';
import type { Platform } from '#server/platform/platform.ts';
import { CallbackRefused } from '#server/platform/platform-error.ts';
import type { Inbox } from './inbox.ts';
import { storeEvents } from './store-events.ts';

/** Answers what the platform expects to read, after its events are stored. What never repeats and came before is forged. */
export async function receiveCallback(
  deps: Deps,
  inbox: Inbox,
  { platform, request }: { platform: Platform; request: CallbackRequest },
): Promise<CallbackResult> {
  const count = (outcome: string) => deps.metrics.callbacks.inc({ platform: platform.name, outcome });
  const result = read(platform, request, count);
  const { events, neverRepeats } = result;
  if (events.length === 0) {
    count('checked');
    return result;
  }
  const fresh = await storeEvents(inbox, platform, events, request.receivedAt).catch((err: unknown) => {
    count('not_stored');
    deps.log.error({ err }, 'a callback was not stored');
    throw new Refusal('callback.not_stored', 'The event could not be stored. Send it again.', 503);
  });
  count(fresh.length > 0 ? 'stored' : neverRepeats ? 'replayed' : 'duplicate');
  if (neverRepeats && fresh.length === 0)
    throw new Refusal('callback.replayed', 'This callback came before, and its platform never sends one twice.', 401);
  inbox.relay.pass(fresh);
  return result;
}

function read(platform: Platform, request: CallbackRequest, count: (outcome: string) => void): CallbackResult {
  try {
    return platform.readCallback(request);
  } catch (error) {
    if (!(error instanceof CallbackRefused)) throw error;
    count(error.reason);
    throw new Refusal(`callback.${error.reason}`, error.message, error.reason === 'malformed' ? 400 : 401);
  }
}
