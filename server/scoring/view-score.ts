import { z } from 'zod';
import type { Score } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { getMember } from '#server/member/member-store.ts';
import { levelOf } from './score.ts';
import { factorView, type ScoreView } from './scoring-api.ts';
import { findLatestScore, listScores, overrideOf } from './scoring-store.ts';

const WEEK_MS = 7 * 86_400_000;
const storedFactors = z.array(factorView);

/** The newest score; null when there is none yet. Throws when the contact is none of the caller's. */
export async function viewScore(deps: Deps, caller: Caller, contactId: string): Promise<ScoreView | null> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const latest = await findLatestScore(deps.db, contactId);
  return latest && viewOf(deps, latest);
}

export async function listScoreViews(
  deps: Deps,
  caller: Caller,
  { contactId, limit }: { contactId: string; limit: number },
): Promise<{ items: ScoreView[] }> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const rows = await listScores(deps.db, contactId, limit);
  const items = [];
  for (const row of rows) items.push(await viewOf(deps, row));
  return { items };
}

export async function viewOf(deps: Deps, row: Score): Promise<ScoreView> {
  const override = overrideOf(row);
  const weekAgo = new Date(row.at.getTime() - WEEK_MS);
  const [before, by] = await Promise.all([
    findLatestScore(deps.db, row.contactId, weekAgo),
    override && getMember(deps.db, override.by),
  ]);
  return {
    id: row.id,
    at: row.at.toISOString(),
    value: row.value,
    level: levelOf(override?.value ?? row.value),
    change: before ? row.value - before.value : null,
    factors: storedFactors.parse(row.factors),
    method: row.method,
    override: override && { ...override, by: by?.name ?? '', at: override.at.toISOString() },
  };
}
