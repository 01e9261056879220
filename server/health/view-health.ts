import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { withoutForeignWords } from '#server/scoring/view-score.ts';
import type { HealthView } from './health-api.ts';
import { findHealth } from './health-store.ts';

/** Null before the contact was looked at for the first time. The caller has shown that it is theirs to see. */
export async function viewHealth(deps: Deps, caller: Caller, contactId: string): Promise<HealthView | null> {
  const health = await findHealth(deps.db, deps.cipher, contactId);
  if (!health) return null;
  const { level, risk, method, factors, at } = health;
  return {
    contactId,
    level,
    risk,
    basis: method.startsWith('rules') ? 'rules' : 'model',
    factors: await withoutForeignWords(deps, caller, factors),
    at: at.toISOString(),
  };
}
