import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import type { SummaryState } from './summary.ts';
import { findAttempt, findLatestSummary, saveAttempt } from './summary-store.ts';
import { conversationFor, stateOf } from './view-summary.ts';

/** A press that meets a lost job is taken up by the sweep after this long. */
const LEASE_MS = 120_000;

/** Asks for a new summary; says so at once, and does it later. */
export async function refreshSummary(
  deps: Deps,
  caller: Caller,
  { contactId }: { contactId: string },
): Promise<{ state: SummaryState }> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const conversation = await conversationFor(deps, caller, contactId);
  if (!conversation) return { state: 'empty' };
  const [summary, attempt] = await Promise.all([
    findLatestSummary(deps.db, deps.cipher, conversation.id),
    findAttempt(deps.db, conversation.id),
  ]);
  const state = await stateOf(deps, conversation, summary, attempt);
  if (state === 'off' || state === 'empty') return { state };
  const now = deps.now();
  await saveAttempt(deps.db, {
    conversationId: conversation.id,
    at: now,
    outcome: null,
    upToMessageId: attempt?.upToMessageId ?? null,
    failures: attempt?.failures ?? 0,
    nextAt: new Date(now.getTime() + LEASE_MS),
  });
  await deps.jobs.add(
    'summarise-conversation',
    { conversationId: conversation.id },
    { key: conversation.id, moves: true },
  );
  return { state: 'pending' };
}
