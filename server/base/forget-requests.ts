import type { Deps } from './deps.ts';
import { DAY_MS } from './duration.ts';

export const forgetRequestsEveryMs = DAY_MS;
/** Longer than any page stays open with a press it got no answer to. */
const KEPT_MS = 30 * DAY_MS;

/** Nobody sends again what was sent so long ago. */
export async function forgetRequests({ db, now }: Deps): Promise<void> {
  await db.takenRequest.deleteMany({ where: { at: { lt: new Date(now().getTime() - KEPT_MS) } } });
}
