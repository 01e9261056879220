import type { Deps } from '#server/base/deps.ts';

/** Something is due: have it sent without waiting for the sweep. */
export async function sendSoon(deps: Deps, platform: string): Promise<void> {
  await deps.jobs.add('send-broadcasts', { platform }, { key: platform });
}

/** The platform has something to be asked. */
export async function syncSoon(deps: Deps, platform: string): Promise<void> {
  await deps.jobs.add('sync-broadcasts', { platform }, { key: platform });
}
