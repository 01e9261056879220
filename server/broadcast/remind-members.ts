import { recordAudit } from '#server/base/audit.ts';
import { callThrough, shut } from '#server/base/call-gate.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { GroupSends } from '#server/platform/group-send.ts';
import type { Platform } from '#server/platform/platform.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { mustBe, mustManage } from './broadcast.ts';
import { getBroadcast } from './broadcast-store.ts';
import { mayRemind, remindersToday, type Delivery } from './delivery.ts';
import { claimReminder, giveBackReminder, listDeliveries } from './delivery-store.ts';
import { gateOf } from './group-call.ts';

/** Whoever has not confirmed hears of it once more, from the platform, as often as it allows. */
export async function remindMembers(
  deps: Deps,
  caller: Caller,
  { id }: { id: string },
): Promise<{ reminded: number; tooOften: number }> {
  const broadcast = await getBroadcast(deps.db, id);
  mustManage(caller, broadcast);
  mustBe(broadcast, ['sending', 'running'], 'reminded of');
  const platform = deps.platforms.get(broadcast.platform);
  const sends = platform.groupSends;
  if (!sends) return { reminded: 0, tooOften: 0 };
  const counts = { reminded: 0, tooOften: 0 };
  const waiting = await listDeliveries(deps.db, id, ['asked']);
  for (const delivery of waiting) {
    const went = await remind(deps, platform, sends, delivery);
    if (went === 'shut') {
      if (counts.reminded === 0) throw tooBusy();
      break;
    }
    counts[went] += 1;
  }
  await recordAudit(deps.db, {
    memberId: caller.memberId,
    action: 'broadcast.reminded',
    subject: `broadcast:${id}`,
    detail: counts,
  });
  announceBroadcasts(deps);
  return counts;
}

/** Counted before it leaves: one whose answer is lost was one. */
async function remind(
  deps: Deps,
  platform: Platform,
  sends: GroupSends,
  delivery: Delivery,
): Promise<'reminded' | 'tooOften' | 'shut'> {
  const { key } = delivery;
  const now = deps.now();
  if (key === null || !mayRemind(delivery, sends.limits.remindersMax, now)) return 'tooOften';
  const reminders = remindersToday(delivery, now) + 1;
  if (!(await claimReminder(deps.db, delivery, { reminders, now }))) return 'tooOften';
  try {
    const went = await callThrough(deps, gateOf(platform, 'remind'), () => sends.remind(key));
    if (went !== shut) return 'reminded';
    await giveBackReminder(deps.db, delivery);
    return 'shut';
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    deps.log.warn({ err: error }, 'a member could not be reminded');
    if (error.kind === 'unknown') return 'reminded';
    if (error.kind === 'rejected' || error.kind === 'not_found') return 'tooOften';
    await giveBackReminder(deps.db, delivery);
    return 'shut';
  }
}

const tooBusy = () =>
  new Refusal('broadcast.platform_busy', 'The platform takes no reminders just now. Try again in a few minutes.', 429);
