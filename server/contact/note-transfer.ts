import type { Deps } from '#server/base/deps.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { announceContacts } from './announce-contacts.ts';
import { applyContact } from './apply-contact.ts';

/** A contact went over to a colleague, and the platform tells it of the giver to nobody: they have left. */
export async function noteTransfer(
  deps: Deps,
  platform: string,
  of: { contactKey: PlatformKey; giverId: string; at: Date },
): Promise<void> {
  const told = { memberId: of.giverId, fact: { kind: 'removed', at: of.at, by: 'member', transferred: true } as const };
  const findings = { key: of.contactKey, profile: null, askedAt: deps.now(), told };
  const { contactId, changed } = await applyContact(deps, platform, findings);
  if (changed) await announceContacts(deps, [contactId]);
}
