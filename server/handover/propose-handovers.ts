import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { nearestLeaders } from '#server/approval/nearest-leaders.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { getMember } from '#server/member/member-store.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import { countBelongings, listUnproposed, PROPOSED } from './belongings-store.ts';
import { leaverNoticeKey, leaverText } from './handover-notice.ts';

/** Who left before is no news. */
const PROPOSED_MS = 30 * DAY_MS;

/** Whoever leads a member who left and still has something is told, once. */
export async function proposeHandovers(deps: Deps): Promise<void> {
  const now = deps.now();
  for (const { id, name, leftAt } of await listUnproposed(deps.db, new Date(now.getTime() - PROPOSED_MS))) {
    const counts = await countBelongings(deps.db, id);
    const notices: NewNotice[] = [];
    for (const leaderId of await nearestLeaders(deps, id)) {
      const { locale } = await getMember(deps.db, leaderId);
      notices.push({
        key: leaverNoticeKey(id, leftAt, leaderId),
        memberId: leaderId,
        text: leaverText(locale, name, counts),
        path: `/desk.html#/handovers/new?from=${id}`,
      });
    }
    // Who has nobody above yet is looked at again.
    if (notices.length === 0) continue;
    await deps.db.$transaction(async (tx) => {
      await insertNotices(tx, deps.cipher, notices, now);
      const detail = { leftAt: leftAt.toISOString(), to: notices.map(({ memberId }) => memberId) };
      await recordAudit(tx, { memberId: null, action: PROPOSED, subject: `member:${id}`, detail });
    });
    for (const { memberId } of notices) deps.live.publish(`member.${memberId}`, { part: 'handovers' });
    await deps.jobs.addAll(
      'send-notice',
      notices.map(({ key }) => ({ payload: { key }, options: { key } })),
    );
  }
}
