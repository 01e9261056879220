import type { Deps } from '#server/base/deps.ts';

/** Screens that show broadcasts ask again. */
export function announceBroadcasts(deps: Deps): void {
  deps.live.publish('desk', { part: 'broadcasts' });
}
