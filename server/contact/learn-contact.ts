import { recordAuditOnce } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { ensureMember } from '#server/member/refresh-member.ts';
import type { EventOf } from '#server/platform/event.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactProfile } from '#server/platform/contact.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { announceContacts } from './announce-contacts.ts';
import { applyContact } from './apply-contact.ts';
import { findContact } from './contact-store.ts';
import type { Fact } from './follow.ts';

type ContactEvent =
  | EventOf<'contact_added'>
  | EventOf<'contact_edited'>
  | EventOf<'contact_removed'>
  | EventOf<'contact_transfer_failed'>
  | EventOf<'contact_consented'>;

/** What an event tells of a contact, with what the platform shows of it now. Answers the contact, when there is one. */
export async function learnContact(deps: Deps, platform: string, event: ContactEvent): Promise<string | null> {
  const fact = factOf(event);
  const askedAt = deps.now();
  // Who was removed is asked for only where nobody knew them: the rest of them is as it was.
  const known = event.kind === 'contact_removed' ? await findContact(deps.db, platform, event.contact) : null;
  const profile = known ? null : await shownProfile(deps, platform, event.contact);
  const member = await ensureMember(deps, platform, event.member);
  if (!profile && !fact) return (await findContact(deps.db, platform, event.contact))?.id ?? null;

  const told = fact && member ? { memberId: member.id, fact } : undefined;
  const { contactId, changed } = await applyContact(deps, platform, { key: event.contact, profile, askedAt, told });
  if (event.kind === 'contact_transfer_failed' && member) {
    await recordTransferFailed(deps, contactId, member.id, event);
  }
  if (changed) await announceContacts(deps, [contactId]);
  return contactId;
}

/** For whoever handed the contact over; `memberId` is who should have taken it. */
async function recordTransferFailed(
  deps: Deps,
  contactId: string,
  memberId: string,
  { reason, occurredAt }: EventOf<'contact_transfer_failed'>,
): Promise<void> {
  const entry = { memberId, action: 'contact.transfer.failed', subject: `contact:${contactId}` };
  await deps.db.$transaction((tx) => recordAuditOnce(tx, { ...entry, detail: { reason, at: occurredAt } }));
}

/** Null when the platform does not show the contact: not yet, or no longer. What is known then stays. */
export async function shownProfile(deps: Deps, platform: string, key: PlatformKey): Promise<ContactProfile | null> {
  try {
    return await deps.platforms.get(platform).getContact(key);
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return null;
    throw error;
  }
}

function factOf(event: ContactEvent): Fact | null {
  const at = new Date(event.occurredAt);
  switch (event.kind) {
    case 'contact_added':
      return { kind: 'added', at, half: event.half, channel: event.channel ?? null };
    case 'contact_removed':
      return { kind: 'removed', at, by: event.by, transferred: event.transferred };
    case 'contact_consented':
      return { kind: 'consented', at, consent: 'agreed' };
    case 'contact_edited':
    case 'contact_transfer_failed':
      return null;
  }
}
