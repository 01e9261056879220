import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { deleteDraft, findDraft, saveDraft } from './summary-store.ts';

/** Keeps the reply a rep is editing, for the rep alone. Empty text forgets it. */
export async function keepDraft(
  deps: Deps,
  caller: Caller,
  { contactId, text }: { contactId: string; text: string },
): Promise<{ updatedAt: string }> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  const now = deps.now();
  const key = { memberId: caller.memberId, contactId };
  if (text.trim() === '') await deleteDraft(deps.db, key);
  else await saveDraft(deps.db, deps.cipher, key, { text, updatedAt: now });
  return { updatedAt: now.toISOString() };
}

export async function readDraft(
  deps: Deps,
  caller: Caller,
  contactId: string,
): Promise<{ text: string; updatedAt: string } | null> {
  const draft = await findDraft(deps.db, deps.cipher, { memberId: caller.memberId, contactId });
  return draft && { text: draft.text, updatedAt: draft.updatedAt.toISOString() };
}
