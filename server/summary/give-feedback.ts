import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { findSummarisedContact, insertFeedback } from './summary-store.ts';

/** Notes what a rep did with a suggestion. */
export async function giveFeedback(
  deps: Deps,
  caller: Caller,
  { contactId, summaryId, verdict }: { contactId: string; summaryId: string | null; verdict: string },
): Promise<void> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  if (summaryId && (await findSummarisedContact(deps.db, summaryId)) !== contactId)
    throw new Refusal('summary.unknown', 'This contact has no such summary. Open the contact again.', 404);
  await insertFeedback(deps.db, { contactId, summaryId, verdict, memberId: caller.memberId, at: deps.now() });
}
