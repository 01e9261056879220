import type { Deps } from '#server/base/deps.ts';
import { deleteWelcomes, settleExpiredWelcomes } from './welcome-store.ts';

/** A call under way when its code ended has had its answer by then. */
const SETTLED_MS = 10 * 60_000;
const KEPT_MS = 30 * 24 * 3_600_000;
export const sweepWelcomesEveryMs = 3_600_000;

/** Says of welcomes whose job was lost what became of them, and forgets the old ones. */
export async function sweepWelcomes(deps: Deps): Promise<void> {
  const before = (ms: number) => new Date(deps.now().getTime() - ms);
  await settleExpiredWelcomes(deps.db, before(SETTLED_MS));
  await deleteWelcomes(deps.db, before(KEPT_MS));
}
