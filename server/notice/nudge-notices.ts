import type { Deps } from '#server/base/deps.ts';

/** Has written notices sent without waiting for the sweep: once their transaction is committed. */
export async function nudgeNotices(deps: Deps, keys: readonly string[]): Promise<void> {
  await deps.jobs.addAll(
    'send-notice',
    keys.map((key) => ({ payload: { key }, options: { key } })),
  );
}
