import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getContactByIdInScope } from './contact-store.ts';
import { listFollowsInScope } from './follow-store.ts';
import { readPhones } from './view-contact.ts';

/** The numbers that members in scope wrote down, in full. That they were read is recorded first. */
export async function revealPhones(deps: Deps, caller: Caller, contactId: string): Promise<string[]> {
  const contact = await getContactByIdInScope(deps.db, caller.scope, contactId);
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'contact.phones.read',
    subject: `contact:${contact.id}`,
  });
  const follows = await listFollowsInScope(deps.db, caller.scope, contact.id);
  return [...new Set(follows.flatMap((follow) => readPhones(deps, follow)))];
}
