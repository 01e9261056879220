import { givePassBack, isShut, openGate, passGate, shutGate, type Pass } from '#server/base/call-gate.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { Refusal } from '#server/base/refusal.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { listFiles } from '#server/material/file-store.ts';
import { forgetMedia, toContactMessage } from '#server/material/to-contact-message.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactMessage } from '#server/platform/message.ts';
import type { GroupSends } from '#server/platform/group-send.ts';
import type { Platform } from '#server/platform/platform.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { advanceBroadcast, endDelivery, refuseDelivery } from './advance-broadcast.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { startSending, type Broadcast } from './broadcast.ts';
import type { BroadcastRules } from './broadcast-rules-api.ts';
import type { FailureReason } from './results-api.ts';
import { contactHashOf, contentHashOf, type FrozenVariant } from './broadcast-hash.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { findBroadcast, lockBroadcast, saveBroadcast } from './broadcast-store.ts';
import { confirmDeadline, quietUntil } from './caps.ts';
import { afterError, lateDrop, SENDING_MS_MAX, type Delivery } from './delivery.ts';
import {
  claimDelivery,
  endRecipients,
  findDelivery,
  findNextDue,
  findSender,
  giveUpOnSending,
  listReached,
  listRipe,
  patient,
  saveDeliveries,
} from './delivery-store.ts';
import { findLostSend } from './find-lost-send.ts';
import { gateOf } from './group-call.ts';
import { noteAsked } from './note-asked.ts';
import { syncSoon } from './nudge-broadcasts.ts';
import { releaseTouches } from './touch-store.ts';

/** Then the lane is given back for a moment. */
const CALLS_MAX = 100;
const LOOKS_MAX = 50;
/** So many calls without an answer in a row: the platform is not there. */
const UNANSWERED_MAX = 3;

/**
 * Sends what is due on one platform, one call after another and in one process only: so the first that is too fast is the
 * last until the platform's patience is back. What may have left is looked for first.
 */
export async function sendDeliveries(deps: Deps, { platform: name }: { platform: string }): Promise<void> {
  const platform = deps.platforms.get(name);
  const sends = platform.groupSends;
  if (!sends) return;
  let isMore = false;
  await withLock(deps.pool, `send-broadcasts:${name}`, async () => {
    const touched = new Set<string>();
    try {
      await lookForLost(deps, platform, sends, touched);
      isMore = await sendDue(deps, platform, sends, touched);
    } finally {
      for (const id of touched) await advanceBroadcast(deps, id);
      if (touched.size > 0) {
        announceBroadcasts(deps);
        await syncSoon(deps, name);
      }
    }
  });
  if (isMore) await deps.jobs.add('send-broadcasts', { platform: name }, { key: name });
}

async function lookForLost(deps: Deps, platform: Platform, sends: GroupSends, touched: Set<string>): Promise<void> {
  const now = deps.now();
  const claimedBefore = new Date(now.getTime() - Math.min(SENDING_MS_MAX, deps.config.GROUP_SEND_LOOK_S * 1000));
  const count = await giveUpOnSending(deps.db, platform.name, claimedBefore, now);
  if (count > 0) deps.log.warn({ platform: platform.name, count }, 'sends were cut off and are looked for');
  for (const lost of await listRipe(deps.db, platform.name, ['unknown'], now, LOOKS_MAX)) {
    const went = await findLostSend(deps, platform, sends, lost);
    if (went === 'stop') return;
    touched.add(lost.broadcastId);
  }
}

/** Whether there is more to send now. */
async function sendDue(deps: Deps, platform: Platform, sends: GroupSends, touched: Set<string>): Promise<boolean> {
  const { quiet } = await readBroadcastRules(deps.db);
  let unanswered = 0;
  for (let calls = 0; calls < CALLS_MAX; calls++) {
    const now = deps.now();
    if (quietUntil(quiet, now)) return false;
    for (const call of ['start', 'upload'] as const) {
      if (await isShut(deps.db, gateOf(platform, call), now)) return false;
    }
    const id = await findNextDue(deps.db, platform.name, now, dayOf(now));
    if (id === null) return false;
    const { went, broadcastId } = await sendOne(deps, platform, sends, id);
    if (broadcastId) touched.add(broadcastId);
    unanswered = went === 'unanswered' ? unanswered + 1 : 0;
    if (went === 'stop' || unanswered >= UNANSWERED_MAX) return false;
  }
  return true;
}

interface Went {
  went: 'on' | 'unanswered' | 'stop';
  broadcastId: string | null;
}

async function sendOne(deps: Deps, platform: Platform, sends: GroupSends, id: string): Promise<Went> {
  const delivery = await findDelivery(deps.db, id);
  const broadcast = delivery && (await findBroadcast(deps.db, delivery.broadcastId));
  if (!delivery || !broadcast) return { went: 'on', broadcastId: null };
  const { broadcastId } = delivery;
  const ready = await prepare(deps, platform, broadcast, delivery);
  if (ready === 'stop' || ready === 'on') return { went: ready, broadcastId };
  const pass = await passGate(deps.db, gateOf(platform, 'start'), deps.now());
  if (!pass) return { went: 'stop', broadcastId };
  const claimed = await claim(deps, delivery, broadcast.contentHash);
  if (!claimed) {
    await givePassBack(deps.db, pass, deps.now());
    return { went: 'on', broadcastId };
  }
  return { went: await call(deps, platform, sends, pass, claimed, ready), broadcastId };
}

interface Ready {
  message: ContactMessage;
  variant: FrozenVariant;
}

/** The message as it leaves, its files at the platform. Nothing is claimed yet: whatever fails here has not left. */
async function prepare(
  deps: Deps,
  platform: Platform,
  broadcast: Broadcast,
  delivery: Delivery,
): Promise<Ready | 'on' | 'stop'> {
  const variant = broadcast.frozenContent?.variants.find(({ key }) => key === delivery.variant);
  if (!variant || !(await hasItsFiles(deps.db, variant))) {
    await refuse(deps, delivery, 'The content is not what was approved.');
    return 'on';
  }
  // Whose account it is now is told to contacts; that there is nobody any more is found when it is claimed.
  const sender = await findSender(deps.db, delivery);
  const hasFiles = variant.attachments.some(({ file }) => file !== null);
  const pass = hasFiles ? await passGate(deps.db, gateOf(platform, 'upload'), deps.now()) : null;
  if (hasFiles && !pass) return 'stop';
  try {
    const message = await toContactMessage(deps, platform, variant, { member: sender?.name ?? '' });
    if (pass) await openGate(deps.db, pass);
    return { message, variant };
  } catch (error) {
    if (error instanceof Refusal) {
      if (pass) await givePassBack(deps.db, pass, deps.now());
      await refuse(deps, delivery, error.message);
      return 'on';
    }
    if (!(error instanceof PlatformError)) throw error;
    if (pass && error.kind === 'rate_limited') await shutGate(deps.db, pass, error.retryAfterMs, deps.now());
    else await noteUploadError(deps, delivery, error);
    return error.kind === 'rejected' || error.kind === 'not_found' ? 'on' : 'stop';
  }
}

/** The bytes are those of the hash that was approved. */
async function hasItsFiles(db: Db, { attachments }: FrozenVariant): Promise<boolean> {
  const frozen = attachments.flatMap(({ file }) => (file ? [file] : []));
  const files = await listFiles(
    db,
    frozen.map(({ id }) => id),
  );
  return frozen.every(({ id, sha256 }) => files.get(id)?.sha256 === sha256);
}

async function noteUploadError(deps: Deps, delivery: Delivery, error: PlatformError): Promise<void> {
  deps.log.warn({ err: error }, 'a file of a broadcast could not be brought to the platform');
  // An upload without an answer sends nothing to anybody.
  const kind = error.kind === 'unknown' ? 'unavailable' : error.kind;
  const attempts = delivery.attempts + 1;
  const change = afterError({ attempts }, { kind, code: error.code }, { files: false, lookAfterMs: 0 }, deps.now());
  if (change.state === 'refused') await refuse(deps, delivery, change.lastError ?? '');
  else await saveDeliveries(deps.db, { ids: [delivery.id] }, ['due'], { ...change, attempts });
}

async function refuse(deps: Deps, delivery: Delivery, why: string): Promise<void> {
  const rules = await readBroadcastRules(deps.db);
  const keys = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, delivery.broadcastId);
    await startIfFirst(tx, broadcast, rules, deps.now());
    return refuseDelivery(tx, deps, broadcast, delivery, ['due'], why);
  }, patient);
  await nudgeNotices(deps, keys);
}

interface Claimed {
  delivery: Delivery;
  contacts: PlatformKey[];
}

/**
 * Marks it as leaving, unless it may not: whoever pauses, cancels or withdraws waits for the same row. It goes to whom it
 * was approved for and nobody else, less those who may no longer be written to. `readyHash` is of the content the message was
 * made of: another may have been approved since.
 */
async function claim(deps: Deps, { id, broadcastId }: Delivery, readyHash: string | null): Promise<Claimed | null> {
  const now = deps.now();
  let noticeKeys: string[] = [];
  const rules = await readBroadcastRules(deps.db);
  const claimed = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, broadcastId);
    const delivery = await findDelivery(tx, id);
    if (delivery?.state !== 'due' || !mayLeave(broadcast, now) || broadcast.contentHash !== readyHash) return null;
    await startIfFirst(tx, broadcast, rules, now);
    const sender = await findSender(tx, delivery);
    const reached = await listReached(tx, delivery, sender?.id ?? null);
    const { frozenContent, contentHash } = broadcast;
    const isContent = frozenContent !== null && contentHash !== null && contentHashOf(frozenContent) === contentHash;
    if (!isContent || contactHashOf(reached.map(({ key }) => key)) !== delivery.contactHash) {
      const why = isContent ? 'The contacts are not who was approved.' : 'The content is not what was approved.';
      noticeKeys = await refuseDelivery(tx, deps, broadcast, delivery, ['due'], why);
      return null;
    }
    const contacts: PlatformKey[] = [];
    const drops: { contactId: string; reason: FailureReason }[] = [];
    for (const one of reached.filter(({ state }) => state === 'planned')) {
      const reason = lateDrop(one, sender !== null);
      if (reason) drops.push({ contactId: one.contactId, reason });
      else contacts.push(one.key);
    }
    for (const [failure, ones] of Map.groupBy(drops, ({ reason }) => reason)) {
      const contactIds = ones.map(({ contactId }) => contactId);
      await endRecipients(tx, { broadcastId, contactIds }, ['planned'], { state: 'dropped', failure });
      await releaseTouches(tx, broadcastId, contactIds);
    }
    if (contacts.length === 0) {
      await endDelivery(tx, delivery, ['due'], { state: 'nobody' }, 'unsendable');
      return null;
    }
    const leaving = await claimDelivery(tx, id, { contentHash, now });
    return leaving && { delivery: leaving, contacts };
  }, patient);
  await nudgeNotices(deps, noticeKeys);
  return claimed;
}

function mayLeave({ state, pausedAt, sendAt, confirmBy, untilDay }: Broadcast, now: Date): boolean {
  return (
    (state === 'scheduled' || state === 'sending') &&
    pausedAt === null &&
    (sendAt === null || sendAt <= now) &&
    (confirmBy === null || now < confirmBy) &&
    untilDay !== null &&
    dayOf(now) <= untilDay
  );
}

async function startIfFirst(tx: Db, broadcast: Broadcast, rules: BroadcastRules, now: Date): Promise<void> {
  const { id, state, untilDay } = broadcast;
  if (state !== 'scheduled' || untilDay === null) return;
  const confirmBy = confirmDeadline(now, rules, { untilDay });
  await saveBroadcast(tx, id, startSending(broadcast, { confirmBy }, now), now);
}

async function call(
  deps: Deps,
  platform: Platform,
  sends: GroupSends,
  pass: Pass,
  { delivery, contacts }: Claimed,
  { message, variant }: Ready,
): Promise<Went['went']> {
  // A process that was stopped for long may have been given up: then the call is another's.
  if (delivery.claimedAt && deps.now().getTime() - delivery.claimedAt.getTime() > SENDING_MS_MAX / 4) return 'stop';
  try {
    const answer = await sends.start({ sender: delivery.memberKey, contacts, message });
    await openGate(deps.db, pass);
    await noteAnswer(deps, delivery, answer);
    return 'on';
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.kind === 'rate_limited') await shutGate(deps.db, pass, error.retryAfterMs, deps.now());
    else if (error.kind !== 'unknown' && error.kind !== 'unavailable') await openGate(deps.db, pass);
    if (error.kind === 'not_found') await forgetMedia(deps, platform, variant);
    await noteError(deps, delivery, error, variant);
    if (error.kind === 'unknown') return 'unanswered';
    return error.kind === 'rate_limited' || error.kind === 'unavailable' ? 'stop' : 'on';
  }
}

async function noteAnswer(
  deps: Deps,
  delivery: Delivery,
  answer: Awaited<ReturnType<GroupSends['start']>>,
): Promise<void> {
  const { id, broadcastId, platform } = delivery;
  await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, broadcastId);
    if (answer === 'nobody') {
      await endDelivery(tx, delivery, ['sending', 'unknown'], { state: 'nobody' }, 'unsendable');
      return;
    }
    await noteAsked(tx, broadcast, delivery, { key: answer.key, sentAt: deps.now() }, deps.now());
    if (answer.unsendable.length === 0) return;
    const left = new Set(answer.unsendable);
    const contacts = await listReached(tx, { id, broadcastId, platform }, null);
    const contactIds = contacts.filter(({ key }) => left.has(key)).map(({ contactId }) => contactId);
    const end = { state: 'failed', failure: 'unsendable' } as const;
    await releaseTouches(tx, broadcastId, await endRecipients(tx, { broadcastId, contactIds }, ['asked'], end));
  }, patient);
}

async function noteError(deps: Deps, delivery: Delivery, error: PlatformError, variant: FrozenVariant): Promise<void> {
  deps.log.warn({ err: error }, 'a broadcast could not be sent');
  const files = variant.attachments.some(({ file }) => file !== null);
  const lookAfterMs = deps.config.GROUP_SEND_LOOK_S * 1000;
  const change = afterError(delivery, error, { files, lookAfterMs }, deps.now());
  const keys = await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, delivery.broadcastId);
    if (change.state === 'refused')
      return refuseDelivery(tx, deps, broadcast, delivery, ['sending'], change.lastError ?? '');
    // Cancelled while the call was on its way, which did not arrive.
    if (change.state === 'due' && broadcast.state === 'cancelled') {
      await endDelivery(tx, delivery, ['sending'], { state: 'cancelled' }, 'cancelled');
      return [];
    }
    await saveDeliveries(tx, { ids: [delivery.id] }, ['sending'], change);
    return [];
  }, patient);
  await nudgeNotices(deps, keys);
}
