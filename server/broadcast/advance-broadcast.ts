import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { getMember } from '#server/member/member-store.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { allSent, finish, type Broadcast } from './broadcast.ts';
import { lockBroadcast, saveBroadcast } from './broadcast-store.ts';
import { finishedText, refusedText } from './broadcast-words.ts';
import { openStates, unsentStates, type Delivery, type DeliveryState } from './delivery.ts';
import { countByState, countRecipients, endRecipients, saveDeliveries } from './delivery-store.ts';
import type { FailureReason } from './results-api.ts';
import { releaseTouches } from './touch-store.ts';

/** What its deliveries say of the whole: all calls have left, or nothing of it changes any more. */
export async function advanceBroadcast(deps: Deps, id: string): Promise<void> {
  let isNews = true;
  const noticeKeys = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, id);
    const counts = await countByState(tx, id);
    const has = (states: readonly DeliveryState[]) => states.some((state) => (counts[state] ?? 0) > 0);
    const now = deps.now();
    const { state } = broadcast;
    const isOver = !has(openStates);
    isNews = !has(unsentStates) && (state === 'sending' || isOver);
    if (!isNews) return [];
    if (state === 'cancelled') {
      if (broadcast.finishedAt !== null) return [];
      await releaseTouches(tx, id, 'everybody');
      await saveBroadcast(tx, id, { finishedAt: now }, now);
      return [];
    }
    if (state !== 'sending' && state !== 'running') return [];
    const running = state === 'sending' ? await saveBroadcast(tx, id, allSent(broadcast), now) : broadcast;
    if (!isOver) return [];
    await releaseTouches(tx, id, 'everybody');
    await saveBroadcast(tx, id, finish(running, now), now);
    await recordAudit(tx, {
      memberId: null,
      action: 'broadcast.finished',
      subject: `broadcast:${id}`,
      detail: { ...counts },
    });
    return tellFinished(tx, deps, running, now);
  });
  await nudgeNotices(deps, noticeKeys);
  if (isNews) announceBroadcasts(deps);
}

async function tellFinished(tx: Db, deps: Deps, broadcast: Broadcast, now: Date): Promise<string[]> {
  const { delivered = 0, failed = 0, dropped = 0 } = await countRecipients(tx, broadcast.id);
  return tellOwner(tx, deps, broadcast, now, {
    key: `broadcast-finished:${broadcast.id}`,
    text: (locale) => finishedText(locale, broadcast.name, delivered, failed + dropped),
  });
}

/** One notice of a kind for a broadcast, however often it is owed. */
async function tellOwner(
  tx: Db,
  deps: Deps,
  { id, ownerId }: Broadcast,
  now: Date,
  notice: { key: string; text: (locale: string) => string },
): Promise<string[]> {
  const { locale } = await getMember(tx, ownerId);
  const path = `/desk.html#/broadcasts/${id}`;
  await insertNotices(tx, deps.cipher, [{ key: notice.key, memberId: ownerId, text: notice.text(locale), path }], now);
  return [notice.key];
}

/** Nothing of a delivery will leave any more, or nothing more of it will become known: nobody of it still waits. */
export async function endDelivery(
  tx: Db,
  delivery: Pick<Delivery, 'id' | 'broadcastId'>,
  from: readonly DeliveryState[],
  to: { state: 'final' | 'nobody' | 'refused' | 'cancelled'; lastError?: string },
  failure: FailureReason,
): Promise<boolean> {
  const { id, broadcastId } = delivery;
  if ((await saveDeliveries(tx, { ids: [id] }, from, { ...to, cancelOwed: false })) === 0) return false;
  const end = { state: 'failed', failure } as const;
  await releaseTouches(
    tx,
    broadcastId,
    await endRecipients(tx, { broadcastId, deliveryId: id }, ['planned', 'asked'], end),
  );
  return true;
}

/** A delivery that the platform, or we, will not send. Its owner hears of the first of a broadcast; the log of each. */
export async function refuseDelivery(
  tx: Db,
  deps: Deps,
  broadcast: Broadcast,
  delivery: Delivery,
  from: readonly DeliveryState[],
  lastError: string,
): Promise<string[]> {
  if (!(await endDelivery(tx, delivery, from, { state: 'refused', lastError }, 'refused'))) return [];
  deps.log.error({ platform: delivery.platform, reason: lastError }, 'a delivery of a broadcast was refused');
  return tellOwner(tx, deps, broadcast, deps.now(), {
    key: `broadcast-refused:${broadcast.id}`,
    text: (locale) => refusedText(locale, broadcast.name, lastError),
  });
}
