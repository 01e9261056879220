import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { announceOpportunity } from './announce-opportunity.ts';
import { changed, type FieldChange, type Opportunity } from './opportunity.ts';
import { getOpportunity, listChanges, saveOpportunity } from './opportunity-store.ts';
import { viewChanges, viewOpportunity } from './view-opportunity.ts';

/** One change of an opportunity the caller may see, made on the version they saw. */
export async function changeOpportunity(
  deps: Deps,
  caller: Caller,
  seen: { id: string; version: number },
  plan: (sale: Opportunity) => FieldChange[] | Promise<FieldChange[]>,
): Promise<Opportunity> {
  const sale = await getSeen(deps, caller, seen);
  const changes = await plan(sale);
  if (changes.length === 0) return sale;
  const at = deps.now();
  const after = changed(sale, changes, at);
  const kept = changes.map((change) => ({ ...change, at, memberId: caller.memberId, approvalId: null }));
  const isSaved = await deps.db.$transaction((tx) => saveOpportunity(tx, deps.cipher, sale, after, kept));
  if (!isSaved) throw await stale(deps, caller, seen);
  await announceOpportunity(deps, after);
  return after;
}

/** Refused when somebody changed it since the caller saw it. */
export async function getSeen(deps: Deps, caller: Caller, seen: { id: string; version: number }): Promise<Opportunity> {
  const sale = await getOpportunity(deps.db, deps.cipher, caller.scope, seen.id);
  if (sale.version !== seen.version) throw await stale(deps, caller, seen);
  return sale;
}

/** With what it is now, and who made what of it meanwhile. */
async function stale(deps: Deps, caller: Caller, { id, version }: { id: string; version: number }): Promise<Refusal> {
  const current = await getOpportunity(deps.db, deps.cipher, caller.scope, id);
  return new Refusal('opportunity.stale', 'Someone changed this opportunity. Look at it and decide again.', 409, {
    current: await viewOpportunity(deps, caller, current),
    changes: await viewChanges(deps, await listChanges(deps.db, deps.cipher, id, version)),
  });
}
