import type { Deps } from '#server/base/deps.ts';
import { listLocales } from '#server/member/member-store.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { lateOptOutText } from './broadcast-words.ts';
import { listWaitingFor } from './delivery-store.ts';

/**
 * Somebody opted out whom members were asked to write to and have not yet. No platform takes one person out of what it
 * asks of a member, and to take back all of it would keep it from everybody else of theirs: so the member who can still
 * decide is told, and the owner, who can cancel it. Once each, however often the wish is heard.
 */
export async function noteOptOut(deps: Deps, { contactId }: { contactId: string }): Promise<void> {
  const waiting = await listWaitingFor(deps.db, contactId);
  if (waiting.length === 0) return;
  const locales = await listLocales(
    deps.db,
    waiting.flatMap(({ memberId, ownerId }) => [memberId, ownerId]),
  );
  const notices = waiting.flatMap(({ deliveryId, broadcastId, name, contactName, contactKey, memberId, ownerId }) => {
    const text = (id: string, isOwner: boolean) =>
      lateOptOutText(locales.get(id) ?? 'zh-CN', { broadcast: name, contact: contactName, isOwner });
    const key = `late-opt-out:${deliveryId}:${contactId}`;
    const toMember = {
      key,
      memberId,
      text: text(memberId, false),
      path: `/sidebar.html?contact=${encodeURIComponent(contactKey)}`,
    };
    const toOwner = {
      key: `${key}:owner`,
      memberId: ownerId,
      text: text(ownerId, true),
      path: `/desk.html#/broadcasts/${broadcastId}`,
    };
    return ownerId === memberId ? [toMember] : [toMember, toOwner];
  });
  await deps.db.$transaction((tx) => insertNotices(tx, deps.cipher, notices, deps.now()));
  await nudgeNotices(
    deps,
    notices.map(({ key }) => key),
  );
  announceBroadcasts(deps);
}
