import type { ItemReason } from './handover-api.ts';
import type { Found } from './belongings-store.ts';
import { keyOf } from './plan.ts';

/** What is known of giver and takers when it is decided who can take what. */
export interface Circumstances {
  giverId: string;
  /** Platforms each of them has an account on. */
  accounts: ReadonlyMap<string, ReadonlySet<string>>;
  activeIds: ReadonlySet<string>;
  /** Platforms that hand contacts over. */
  transferring: ReadonlySet<string>;
  /** Members who may have contacts, by platform; a platform that did not say is not there. */
  owners: ReadonlyMap<string, ReadonlySet<string>>;
  /** `kind:id` of what is on its way already. */
  elsewhere: ReadonlySet<string>;
}

/** Why this cannot go to that member now; null when it can. */
export function blockOf(found: Found, to: string, known: Circumstances): ItemReason | null {
  if (!known.activeIds.has(to)) return 'taker_left';
  if (known.elsewhere.has(keyOf(found))) return 'in_other_handover';
  if (found.follow) return blockOfContact(found.follow, to, known);
  if (found.approval) return blockOfApproval(found.approval, to, known);
  return null;
}

function blockOfContact(
  { platform, state }: NonNullable<Found['follow']>,
  to: string,
  known: Circumstances,
): ItemReason | null {
  const isOn = (memberId: string) => known.accounts.get(memberId)?.has(platform) ?? false;
  if (!known.transferring.has(platform)) return 'no_transfers';
  if (!isOn(known.giverId)) return 'giver_no_account';
  if (!isOn(to)) return 'taker_no_account';
  if (known.owners.get(platform)?.has(to) === false) return 'taker_no_contacts';
  if (state === 'pending') return 'contact_pending';
  // Who deleted the member would not see anybody who comes in their place.
  return state === 'removed_by_contact' ? 'contact_removed' : null;
}

/** Whoever sits there already loses nothing by sitting there for the giver too. */
function blockOfApproval(
  { requesterId, seats }: NonNullable<Found['approval']>,
  to: string,
  { giverId }: Circumstances,
): ItemReason | null {
  const decidesOwn = requesterId === giverId ? seats.includes(to) : requesterId === to;
  return decidesOwn ? 'own_request' : null;
}
