import type { Deps } from '#server/base/deps.ts';
import { hurryContact, listAsked, listDueHandovers } from './handover-store.ts';
import { runSoon } from './announce-handover.ts';
import { proposeHandovers } from './propose-handovers.ts';
import { settleAsked } from './submit-handover.ts';

export const sweepHandoversEveryMs = 30_000;
const BATCH = 200;

/** Sets going what is due: what waits for a platform, what a process that died left, what was rejected, who left. */
export async function sweepHandovers(deps: Deps): Promise<void> {
  for (const asked of await listAsked(deps.db, BATCH)) {
    // One that cannot be settled must not keep those that run waiting.
    await settleAsked(deps, asked).catch((err: unknown) => deps.log.error({ err }, 'a hand-over was not settled'));
  }
  for (const id of await listDueHandovers(deps.db, deps.now(), BATCH)) await runSoon(deps, id);
  await proposeHandovers(deps);
}

/** The platform said something of this contact: one on the way is looked at at once. */
export async function noticeContact(deps: Deps, contactId: string): Promise<void> {
  for (const id of await hurryContact(deps.db, contactId, deps.now())) await runSoon(deps, id);
}
