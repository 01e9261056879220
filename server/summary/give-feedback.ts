import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { editDistance } from './edit-distance.ts';
import { findDraftedReply, findSummaryReply, insertFeedback, type Suggestion } from './summary-store.ts';

interface Given {
  contactId: string;
  summaryId: string | null;
  /** Of a draft that was asked for by itself. */
  runId: string | null;
  verdict: string;
  text: string | null;
}

/** Notes what a rep did with a suggestion, and how far from it they went; the words they chose are not kept. */
export async function giveFeedback(
  deps: Deps,
  caller: Caller,
  { requestKey, ...given }: Given & { requestKey?: string | undefined },
): Promise<void> {
  const { contactId, summaryId, runId, verdict } = given;
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const drafted = runId === null ? null : await findDraftedReply(deps.db, deps.cipher, runId);
  const summarised = summaryId === null ? null : await findSummaryReply(deps.db, deps.cipher, summaryId);
  const isForeign = (id: string | null, found: Suggestion | null) => id !== null && found?.contactId !== contactId;
  if (isForeign(runId, drafted) || isForeign(summaryId, summarised))
    throw new Refusal('summary.unknown', 'This contact has no such summary. Open the contact again.', 404);
  const suggestion = drafted ?? summarised;
  const feedback = {
    contactId,
    summaryId,
    verdict,
    memberId: caller.memberId,
    runId: suggestion?.runId ?? null,
    promptVersion: suggestion?.promptVersion ?? null,
    distance: distanceOf(given, suggestion),
    at: deps.now(),
  };
  const asked = { memberId: caller.memberId, requestKey, deed: 'suggestion.feedback', content: given };
  await once(deps, asked, {
    first: (take) => deps.db.$transaction((tx) => take(tx, () => insertFeedback(tx, feedback))),
    again: async (id) => ({ id }),
  });
}

/** Null where nothing was made of it, or the suggestion is not kept any more. */
function distanceOf({ verdict, text }: Given, suggestion: Suggestion | null): number | null {
  switch (verdict) {
    case 'sent':
      if (text === null) return 0;
      break;
    case 'edited':
    case 'copied':
      if (text === null) return null;
      break;
    default:
      return null;
  }
  return suggestion?.text ? editDistance(suggestion.text, text) : null;
}
