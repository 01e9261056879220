import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { findFollow } from '#server/contact/follow-store.ts';
import { findMemberByKey } from '#server/member/member-store.ts';
import type { EventOf } from '#server/platform/event.ts';
import { saveArrival } from './arrival-store.ts';
import { findChannelByState } from './channel-store.ts';
import { reviewChannels } from './review-channels.ts';
import { nudgeArrival } from './settle-arrival.ts';

/** A contact came in by a channel of ours. However often that is told, and in whatever order, it is noted once. */
export async function noteArrival(
  deps: Deps,
  platform: string,
  { channel: state, member: memberKey, occurredAt }: EventOf<'contact_added'>,
  contactId: string,
): Promise<void> {
  const channel = state ? await findChannelByState(deps.db, platform, state) : null;
  if (!channel) return;
  const member = await findMemberByKey(deps.db, platform, memberKey);
  const follow = member && (await findFollow(deps.db, contactId, member.id));
  if (!follow) return;

  const arrival = { channelId: channel.id, followId: follow.id };
  const isNew = await deps.db.$transaction(async (tx) => {
    if (!(await saveArrival(tx, { ...arrival, at: new Date(occurredAt) }, deps.now()))) return false;
    await recordAudit(tx, {
      memberId: follow.memberId,
      action: 'contact.came_by_channel',
      subject: `contact:${contactId}`,
      detail: { channelId: channel.id, name: channel.name, at: occurredAt },
    });
    return true;
  });
  // Told again it may be that nobody was nudged the first time.
  await nudgeArrival(deps, arrival);
  if (isNew && channel.dailyMax !== null) await reviewChannels(deps, [channel]);
}
