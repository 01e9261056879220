import type { Db } from '#server/base/database.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { Broadcast } from './broadcast.ts';
import type { Delivery } from './delivery.ts';
import { askRecipients, saveDeliveries } from './delivery-store.ts';

/** A platform takes a moment to hand a send out, and says nothing of it until then. */
const HAND_OUT_MS = 10_000;

/** The platform has it, under this key. On a broadcast that is locked: one cancelled meanwhile is taken back. */
export async function noteAsked(
  tx: Db,
  { state }: Broadcast,
  delivery: Delivery,
  { key, sentAt }: { key: PlatformKey; sentAt: Date },
  now: Date,
): Promise<void> {
  const change = {
    key,
    sentAt,
    lastError: null,
    nextAttemptAt: new Date(now.getTime() + HAND_OUT_MS),
    syncedAt: null,
    cancelOwed: state === 'cancelled',
  };
  const from = ['sending', 'unknown'] as const;
  if ((await saveDeliveries(tx, { ids: [delivery.id] }, from, { ...change, state: 'asked' })) === 0) return;
  await askRecipients(tx, delivery);
}
