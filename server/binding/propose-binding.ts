import type { Follow } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getCustomer } from '#server/customer/customer-store.ts';
import { makeBinding, tellOfBinding } from './bind-contact.ts';
import { getContactWithFollows, listBindings, listUnboundByHand, lockBindings } from './binding-store.ts';
import { rankFor } from './find-candidates.ts';
import { isCertain } from './rank-candidates.ts';

/** A rule looks at everything; what it shows to people is scoped when they ask. */
const everything: Scope = { all: true };

/**
 * Binds a contact nobody has bound when exactly one customer is certain. Whatever is less than certain is proposed when
 * somebody looks (find-candidates.ts).
 */
export async function proposeBinding(deps: Deps, contactId: string): Promise<void> {
  const contact = await getContactWithFollows(deps.db, everything, contactId);
  const certain = (await rankFor(deps, everything, contact)).filter(isCertain);
  const [only] = certain;
  if (!only || certain.length > 1) return;
  const customerId = only.customer.id;

  const isKnownPerson = only.reasons.some(({ rule }) => rule === 'union_key');
  if (!isKnownPerson && !(await isTheirs(deps, contact.follows, customerId))) return;

  const isMade = await deps.db.$transaction(async (tx) => {
    await lockBindings(tx, everything, contactId);
    const isBound = (await listBindings(tx, everything, contactId)).length > 0;
    if (isBound || (await listUnboundByHand(tx, contactId)).has(customerId)) return false;
    await makeBinding(tx, { contactId, customerId, role: 'other', reasons: only.reasons, madeBy: null }, deps.now());
    return true;
  });
  if (isMade) await tellOfBinding(deps, contactId, customerId);
}

/** A number is what a follower typed. It may lead to their own customer or to nobody's, never open a colleague's record. */
async function isTheirs(deps: Deps, follows: readonly Follow[], customerId: string): Promise<boolean> {
  const { ownerId, phoneHash } = await getCustomer(deps.db, everything, customerId);
  return follows.some(
    ({ memberId, phoneHashes }) =>
      phoneHash !== null && phoneHashes.includes(phoneHash) && (ownerId === null || ownerId === memberId),
  );
}
