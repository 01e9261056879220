import { shut } from '#server/base/call-gate.ts';
import type { Deps } from '#server/base/deps.ts';
import { HOUR_MS, MINUTE_MS } from '#server/base/duration.ts';
import { renderText } from '#server/material/message-content.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { GroupSends, ListedSend } from '#server/platform/group-send.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { endDelivery } from './advance-broadcast.ts';
import type { Broadcast } from './broadcast.ts';
import { findBroadcast, lockBroadcast } from './broadcast-store.ts';
import { afterLook, isMadeOf, isTooOld, type Delivery } from './delivery.ts';
import { listKnownKeys, listReached, patient, saveDeliveries } from './delivery-store.ts';
import { everyPage } from './group-call.ts';
import { noteAsked } from './note-asked.ts';

/** Clocks differ, and the platform tells whole seconds. */
const SKEW_MS = 60_000;
/** A call that arrives this late is none. */
const LATE_MS_MAX = HOUR_MS;
/** Of sends in other words, so many are looked into. */
const OTHERS_MAX = 20;
const UNSURE_AGAIN_MS = 5 * MINUTE_MS;
/** Stands for a name in a text, where it cannot be typed. */
const HOLE = '\u0000';

type Found = { key: PlatformKey; at: Date } | 'missing' | 'unsure' | 'stop';

/**
 * A call left, or may have, and its answer never came. Found at the platform, it is what was asked; missing for long
 * enough, it is due again; as long as neither is certain it waits, since nobody may get it twice.
 */
export async function findLostSend(
  deps: Deps,
  platform: Platform,
  sends: GroupSends,
  lost: Delivery,
): Promise<'on' | 'stop'> {
  const broadcast = await findBroadcast(deps.db, lost.broadcastId);
  if (!broadcast) return 'on';
  const found = await look(deps, platform, sends, lost, broadcast);
  const now = deps.now();
  if (found === 'stop') {
    if (isTooOld(lost, sends.limits.resultsDays, now)) await giveUp(deps, lost);
    return 'stop';
  }
  const lookAfterMs = deps.config.GROUP_SEND_LOOK_S * 1000;
  await deps.db.$transaction(async (tx) => {
    const locked = await lockBroadcast(tx, lost.broadcastId);
    if (typeof found === 'object') {
      await noteAsked(tx, locked, lost, { key: found.key, sentAt: found.at }, now);
      return;
    }
    const { state, confirmBy } = locked;
    const { neverLeft, change } = found === 'missing' ? afterLook(lost, lookAfterMs, now) : stillUnsure(now);
    if (neverLeft) {
      const over = state === 'cancelled' ? 'cancelled' : confirmBy && confirmBy <= now ? 'not_confirmed' : null;
      if (over) await endDelivery(tx, lost, ['unknown'], { state: 'cancelled' }, over);
      else
        await saveDeliveries(tx, { ids: [lost.id] }, ['unknown'], { state: 'due', nextAttemptAt: now, syncedAt: null });
    } else if (isTooOld(lost, sends.limits.resultsDays, now)) {
      await endDelivery(tx, lost, ['unknown'], { state: 'final' }, 'unanswered');
    } else await saveDeliveries(tx, { ids: [lost.id] }, ['unknown'], change);
  }, patient);
  return 'on';
}

/** The platform cannot be asked, and whatever it would say changes nothing any more. */
async function giveUp(deps: Deps, lost: Delivery): Promise<void> {
  await deps.db.$transaction(async (tx) => {
    await lockBroadcast(tx, lost.broadcastId);
    await endDelivery(tx, lost, ['unknown'], { state: 'final' }, 'unanswered');
  }, patient);
}

const stillUnsure = (now: Date) => ({
  neverLeft: false,
  change: { nextAttemptAt: new Date(now.getTime() + UNSURE_AGAIN_MS) },
});

async function look(
  deps: Deps,
  platform: Platform,
  sends: GroupSends,
  lost: Delivery,
  broadcast: Broadcast,
): Promise<Found> {
  try {
    return await lookAt(deps, platform, sends, lost, broadcast);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    deps.log.warn({ err: error }, 'a lost send could not be looked for');
    return 'stop';
  }
}

async function lookAt(
  deps: Deps,
  platform: Platform,
  sends: GroupSends,
  lost: Delivery,
  broadcast: Broadcast,
): Promise<Found> {
  const variant = broadcast.frozenContent?.variants.find(({ key }) => key === lost.variant);
  if (!variant) return 'unsure';
  const parts = renderText(variant.text, { member: HOLE }).trim().split(HOLE);
  const kinds = variant.attachments.map(({ content }) => content.kind).join(' ');
  const called = lost.claimedAt?.getTime() ?? 0;
  const until = Math.min(deps.now().getTime() + SKEW_MS, called + LATE_MS_MAX);
  const between = { since: new Date(called - SKEW_MS), until: new Date(until) };
  const listed = await everyPage(deps, platform, 'list', (cursor) => sends.list(between, cursor));
  if (listed === shut) return 'stop';
  const isAlike = ({ text, attachments }: ListedSend) => isMadeOf(text, parts) && attachments.join(' ') === kinds;
  const known = await listKnownKeys(
    deps.db,
    platform.name,
    listed.map(({ key }) => key),
  );
  const strangers = listed.filter(({ key }) => !known.has(key));
  const [alike, others] = [strangers.filter(isAlike), strangers.filter((one) => !isAlike(one))];

  const reached = await listReached(deps.db, lost, null);
  const ours = new Set(reached.filter(({ state }) => state === 'planned').map(({ key }) => key));
  let isUnsure = false;
  for (const candidate of [...alike, ...others.slice(0, OTHERS_MAX)]) {
    const is = await isOurs(deps, platform, sends, candidate, { memberKey: lost.memberKey, ours });
    if (is === shut) return 'stop';
    if (is === true && alike.includes(candidate)) return { key: candidate.key, at: candidate.at };
    // The same member and the same contacts, in other words: perhaps the platform changed them.
    isUnsure ||= alike.includes(candidate) ? is === 'unsure' : is === true;
  }
  return isUnsure ? 'unsure' : 'missing';
}

/** Whether a send asks this member, and them alone, to write to contacts of ours, and to no other. */
async function isOurs(
  deps: Deps,
  platform: Platform,
  sends: GroupSends,
  { key }: ListedSend,
  { memberKey, ours }: { memberKey: PlatformKey; ours: ReadonlySet<PlatformKey> },
): Promise<boolean | 'unsure' | typeof shut> {
  const confirmations = await everyPage(deps, platform, 'confirmations', (cursor) => sends.confirmations(key, cursor));
  if (confirmations === shut) return shut;
  if (confirmations.length === 0) return 'unsure';
  if (confirmations.some(({ member }) => member !== memberKey)) return false;
  const of = { send: key, member: memberKey };
  const results = await everyPage(deps, platform, 'results', (cursor) => sends.results(of, cursor));
  if (results === shut) return shut;
  if (results.length === 0) return 'unsure';
  return results.every(({ contact }) => ours.has(contact));
}
