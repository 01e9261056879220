import type { Deps } from './deps.ts';

export const forgetRequestsEveryMs = 24 * 3_600_000;
/** Longer than any page stays open with a press it got no answer to. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** Nobody sends again what was sent so long ago. */
export async function forgetRequests({ db, now }: Deps): Promise<void> {
  await db.takenRequest.deleteMany({ where: { at: { lt: new Date(now().getTime() - KEPT_MS) } } });
}
