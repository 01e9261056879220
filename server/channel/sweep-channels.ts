import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { SENDING_MAX_MS } from './channel.ts';
import { listDueChannels, listLiveChannels, retryChannels, takeOverChannels } from './channel-store.ts';
import { nudgeChannels, reviewChannels } from './review-channels.ts';
import { nudgeArrivals } from './settle-arrival.ts';

const BATCH = 200;
export const sweepChannelsEveryMs = MINUTE_MS;

/** Shifts begin and end, days fill up, people leave, channels expire; and jobs get lost. */
export async function sweepChannels(deps: Deps): Promise<void> {
  const now = deps.now();
  await takeOverChannels(deps.db, new Date(now.getTime() - SENDING_MAX_MS), now);
  await retryChannels(deps.db, now);
  await reviewChannels(deps, await listLiveChannels(deps.db));
  await nudgeChannels(deps, await listDueChannels(deps.db, now, BATCH));
  await nudgeArrivals(deps, BATCH);
}
