import type { Deps } from '#server/base/deps.ts';
import { fillSource } from '#server/customer/fill-source.ts';
import { listBindings } from '#server/binding/binding-store.ts';
import { findFirstChannel } from './channel-store.ts';

/** Customers whose source nobody said come from the channel that brought their contact first. */
export async function noteSource(deps: Deps, { contactId }: { contactId: string }): Promise<void> {
  const bindings = await listBindings(deps.db, { all: true }, contactId);
  if (bindings.length === 0) return;
  const channel = await findFirstChannel(deps.db, contactId);
  if (!channel) return;
  for (const { customerId } of bindings) await fillSource(deps, customerId, channel.source ?? channel.name);
}
