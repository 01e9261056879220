import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { insertList, type Wanted } from './list-store.ts';
import type { ListView } from './segment-api.ts';
import { getSegment } from './segment-store.ts';
import { viewList } from './view-list.ts';

/** Who is on it is settled now: a segment is copied as it is at this moment. */
export async function createList(
  deps: Deps,
  caller: Caller,
  draft: Omit<Wanted, 'rule'> & { name: string; segmentId: string | null },
): Promise<ListView & { notTaken: number }> {
  const { name, contactIds, keys, segmentId } = draft;
  if (contactIds.length === 0 && !keys?.keys.length && !segmentId)
    throw new Refusal('contact_list.empty', 'Say who is to be on the list: contacts, keys or a segment.', 400);
  const { list, count, notTaken } = await deps.db.$transaction(
    async (tx) => {
      const rule = segmentId ? (await getSegment(tx, segmentId)).rule : null;
      const row = { name, createdBy: caller.memberId, createdAt: deps.now() };
      const made = await insertList(tx, caller.scope, row, { contactIds, keys, rule });
      await recordAudit(tx, {
        memberId: caller.memberId,
        action: 'contact_list.created',
        subject: `contact-list:${made.list.id}`,
        detail: { count: made.count },
      });
      return made;
    },
    { timeout: 90_000 },
  );
  return { ...(await viewList(deps, { ...list, count })), notTaken };
}
