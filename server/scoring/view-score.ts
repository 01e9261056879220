import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { listQuotable } from '#server/conversation/conversation-store.ts';
import { getMember } from '#server/member/member-store.ts';
import { explainScore } from './explain-score.ts';
import type { Factor } from './factor.ts';
import { OUTCOMES_NEEDED } from './model-api.ts';
import { countDecided } from './outcome-store.ts';
import { CHANGE_MS, isChangeKnown } from './kept-score.ts';
import { levelOf } from './score.ts';
import { isRules } from './scoring-model.ts';
import type { ScoreView } from './scoring-api.ts';
import { readWork } from './work-store.ts';
import { findLatestScore, findValueAt, listScores, type Score } from './scoring-store.ts';

/** The newest score; null when there is none yet. Throws when the contact is none of the caller's. */
export async function viewScore(deps: Deps, caller: Caller, contactId: string): Promise<ScoreView | null> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const latest = await findLatestScore(deps.db, deps.cipher, contactId);
  return latest && viewOf(deps, caller, latest);
}

export async function listScoreViews(
  deps: Deps,
  caller: Caller,
  { contactId, limit }: { contactId: string; limit: number },
): Promise<{ items: ScoreView[] }> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const rows = await listScores(deps.db, deps.cipher, contactId, limit);
  const items = [];
  for (const [n, row] of rows.entries()) {
    const view = await viewOf(deps, caller, row);
    items.push(n === 0 || isChangeKnown(row.at, deps.now()) ? view : { ...view, change: null });
  }
  return { items };
}

export async function viewOf(deps: Deps, caller: Caller, score: Score): Promise<ScoreView> {
  const { id, at, value, method, override } = score;
  const weekAgo = new Date(at.getTime() - CHANGE_MS);
  const basis = isRules(method) ? 'rules' : 'model';
  const [before, by, factors, outcomes] = await Promise.all([
    findValueAt(deps.db, score.contactId, weekAgo),
    override && getMember(deps.db, override.by),
    explainScore(deps, score),
    basis === 'rules' ? countTooFew(deps) : null,
  ]);
  // What a table of points said and what a model says are different things: their difference is no change.
  const isComparable = before !== null && isRules(before.method) === isRules(method);
  return {
    id,
    at: at.toISOString(),
    value,
    level: levelOf(override?.value ?? value),
    change: isComparable ? value - before.value : null,
    factors: await withoutForeignWords(deps, caller, factors),
    method,
    basis,
    outcomes,
    override: override && { ...override, by: by?.name ?? '', at: override.at.toISOString() },
  };
}

/** Outcomes there are to learn from while they are too few; null once they are enough. */
async function countTooFew(deps: Deps): Promise<number | null> {
  // Counting many takes long; that they are many was noted.
  const { outcomes } = await readWork(deps.db, 'lead');
  const count = outcomes >= OUTCOMES_NEEDED ? outcomes : await countDecided(deps.db, OUTCOMES_NEEDED);
  return count < OUTCOMES_NEEDED ? count : null;
}

/** A score is made of all conversations with the contact; a colleague's words, and recalled ones, are told to nobody else. */
export async function withoutForeignWords(deps: Deps, { scope }: Caller, factors: Factor[]): Promise<Factor[]> {
  const quoted = factors.flatMap(({ pointer }) => ('messageId' in pointer ? [pointer.messageId] : []));
  const quotable = await listQuotable(deps.db, scope, quoted);
  return factors.map((factor) =>
    'messageId' in factor.pointer && !quotable.has(factor.pointer.messageId)
      ? { ...factor, pointer: { field: 'conversation.messages' } }
      : factor,
  );
}
