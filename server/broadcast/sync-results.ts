import { callThrough, shut } from '#server/base/call-gate.ts';
import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { GroupSends, SendConfirmation, SendResult } from '#server/platform/group-send.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { advanceBroadcast, endDelivery } from './advance-broadcast.ts';
import type { Broadcast } from './broadcast.ts';
import type { FailureReason } from './results-api.ts';
import { findBroadcast } from './broadcast-store.ts';
import { isTooOld, openStates, pollAt, type Delivery } from './delivery.ts';
import { countAsked, listRipe, patient, saveDeliveries, saveResultsAt, settleRecipients } from './delivery-store.ts';
import { eachPage, everyPage, gateOf } from './group-call.ts';
import { syncSoon } from './nudge-broadcasts.ts';
import { releaseTouches, settleDelivered } from './touch-store.ts';

const BATCH = 200;
/** A delivery the platform said nothing useful of is asked about again. */
const AGAIN_MS = 60_000;

/** Asks a platform what became of the deliveries it has, those whose turn it is. */
export async function syncResults(deps: Deps, { platform: name }: { platform: string }): Promise<void> {
  const platform = deps.platforms.get(name);
  const sends = platform.groupSends;
  if (!sends) return;
  let isMore = false;
  await withLock(deps.pool, `sync-broadcasts:${name}`, async () => {
    const ripe = await listRipe(deps.db, name, openStates, deps.now(), BATCH);
    isMore = ripe.length === BATCH;
    for (const [broadcastId, deliveries] of Map.groupBy(ripe, (one) => one.broadcastId)) {
      const broadcast = await findBroadcast(deps.db, broadcastId);
      if (!broadcast) continue;
      const at: At = { deps, platform, sends, broadcast, isNews: false };
      for (const delivery of deliveries) await syncOne(at, delivery);
      await saveResultsAt(deps.db, [broadcastId], deps.now());
      if (at.isNews) announceBroadcasts(deps);
      await advanceBroadcast(deps, broadcastId);
    }
  });
  if (isMore) await syncSoon(deps, name);
}

interface At {
  deps: Deps;
  platform: Platform;
  sends: GroupSends;
  broadcast: Broadcast;
  /** Something of it is other than before. */
  isNews: boolean;
}

async function syncOne(at: At, delivery: Delivery): Promise<void> {
  const { deps } = at;
  try {
    const went = await sync(at, delivery);
    if (went === shut) await later(deps, delivery);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    deps.log.warn({ err: error }, 'the platform does not say what became of a broadcast');
    if (await endIfTooOld(at, delivery)) return;
    await later(deps, delivery);
  }
}

async function later(deps: Deps, { id }: Delivery): Promise<void> {
  await saveDeliveries(deps.db, { ids: [id] }, openStates, {
    nextAttemptAt: new Date(deps.now().getTime() + AGAIN_MS),
  });
}

async function sync(at: At, delivery: Delivery): Promise<typeof shut | 'done'> {
  const { deps, broadcast } = at;
  const { key } = delivery;
  if (key === null) throw new Error(`Delivery ${delivery.id} was asked and has no key.`);
  if (delivery.state === 'confirmed') return readResults(at, { ...delivery, key });

  const over = whyOver(broadcast, deps.now());
  if (over && (await takeBack(at, { ...delivery, key })) === shut) return shut;
  const confirmation = await readConfirmation(at, { ...delivery, key });
  if (confirmation === shut) return shut;
  if (confirmation?.state === 'confirmed') {
    const confirmedAt = confirmation.at ?? deps.now();
    const change = { state: 'confirmed' as const, confirmedAt, cancelOwed: false };
    if ((await saveDeliveries(deps.db, { ids: [delivery.id] }, ['asked'], change)) === 0) return 'done';
    at.isNews = true;
    return readResults(at, { ...delivery, ...change, key });
  }
  if (over) {
    await deps.db.$transaction((tx) => endDelivery(tx, delivery, ['asked'], { state: 'final' }, over), patient);
    return 'done';
  }
  if (!(await endIfTooOld(at, delivery))) await notYet(deps, delivery, broadcast.confirmBy);
  return 'done';
}

/** Why whoever has not confirmed no longer can. */
function whyOver({ state, confirmBy }: Broadcast, now: Date): FailureReason | null {
  if (state === 'cancelled') return 'cancelled';
  return confirmBy && confirmBy <= now ? 'not_confirmed' : null;
}

/** The platform is told to ask the member no more. What it says no to has ended there in some other way. */
async function takeBack(
  { deps, platform, sends }: At,
  { id, key, cancelOwed }: Delivery & { key: PlatformKey },
): Promise<typeof shut | 'done'> {
  if (!cancelOwed) await saveDeliveries(deps.db, { ids: [id] }, ['asked'], { cancelOwed: true });
  try {
    if ((await callThrough(deps, gateOf(platform, 'cancel'), () => sends.cancel(key))) === shut) return shut;
  } catch (error) {
    if (!(error instanceof PlatformError) || (error.kind !== 'rejected' && error.kind !== 'not_found')) throw error;
    deps.log.warn({ err: error }, 'a send could not be taken back');
  }
  await saveDeliveries(deps.db, { ids: [id] }, ['asked'], { cancelOwed: false });
  return 'done';
}

async function readConfirmation(
  { deps, platform, sends }: At,
  { key, memberKey }: Delivery & { key: PlatformKey },
): Promise<SendConfirmation | null | typeof shut> {
  const all = await everyPage(deps, platform, 'confirmations', (cursor) => sends.confirmations(key, cursor));
  return all === shut ? shut : (all.find(({ member }) => member === memberKey) ?? null);
}

async function readResults(at: At, delivery: Delivery & { key: PlatformKey }): Promise<typeof shut | 'done'> {
  const { deps, platform, sends } = at;
  const of = { send: delivery.key, member: delivery.memberKey };
  const went = await eachPage(
    deps,
    platform,
    'results',
    (cursor) => sends.results(of, cursor),
    (page) => settlePage(at, delivery, page),
  );
  if (went === shut) return shut;
  const isSettled = (await countAsked(deps.db, delivery)) === 0;
  if (isSettled) await saveDeliveries(deps.db, { ids: [delivery.id] }, ['confirmed'], { state: 'final' });
  else if (!(await endIfTooOld(at, delivery))) await notYet(deps, delivery);
  return 'done';
}

/** Together: a recipient who has an end no longer keeps days free, or keeps the one day free on which they were reached. */
async function settlePage(at: At, delivery: Delivery, page: SendResult[]): Promise<void> {
  const { deps } = at;
  const now = deps.now();
  const { broadcastId } = delivery;
  await deps.db.$transaction(async (tx) => {
    const settled = await settleRecipients(tx, delivery, page, now);
    at.isNews ||= settled.length > 0;
    const days = Map.groupBy(settled, ({ state, deliveredAt }) =>
      state === 'delivered' ? dayOf(deliveredAt ?? now) : null,
    );
    for (const [day, ones] of days) {
      const contactIds = ones.map(({ contactId }) => contactId);
      if (day === null) await releaseTouches(tx, broadcastId, contactIds);
      else await settleDelivered(tx, broadcastId, contactIds, day);
    }
  }, patient);
}

async function endIfTooOld({ deps, sends }: At, delivery: Delivery): Promise<boolean> {
  if (!isTooOld(delivery, sends.limits.resultsDays, deps.now())) return false;
  await deps.db.$transaction((tx) => endDelivery(tx, delivery, openStates, { state: 'final' }, 'unanswered'), patient);
  return true;
}

/** `until`: when it is to be taken back, to the minute; the days that were kept free end then. */
async function notYet(deps: Deps, delivery: Delivery, until: Date | null = null): Promise<void> {
  const now = deps.now();
  const next = pollAt(delivery, now);
  await saveDeliveries(deps.db, { ids: [delivery.id] }, openStates, {
    syncedAt: now,
    nextAttemptAt: until && until < next ? until : next,
  });
}
