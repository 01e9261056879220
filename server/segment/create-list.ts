import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once, type Take } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getList, insertList, type ListRow, type Wanted } from './list-store.ts';
import type { ListView } from './segment-api.ts';
import { getSegment } from './segment-store.ts';
import { viewList } from './view-list.ts';

type ListDraft = Omit<Wanted, 'rule'> & { name: string; segmentId: string | null };

/** Who is on it is settled now: a segment is copied as it is at this moment. */
export async function createList(
  deps: Deps,
  caller: Caller,
  { requestKey, ...draft }: ListDraft & { requestKey?: string | undefined },
): Promise<ListView & { notTaken: number }> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'contact_list.create', content: draft };
  const list = await once(deps, asked, {
    first: (take) => makeList(deps, caller, draft, take),
    again: (id) => getList(deps.db, id),
  });
  return { ...(await viewList(deps, list)), notTaken: list.notTaken };
}

async function makeList(deps: Deps, caller: Caller, draft: ListDraft, take: Take): Promise<ListRow> {
  const { name, contactIds, keys, segmentId } = draft;
  if (contactIds.length === 0 && !keys?.keys.length && !segmentId)
    throw new Refusal('contact_list.empty', 'Say who is to be on the list: contacts, keys or a segment.', 400);
  return deps.db.$transaction(
    (tx) =>
      take(tx, async () => {
        const rule = segmentId ? (await getSegment(tx, segmentId)).rule : null;
        const row = { name, createdBy: caller.memberId, createdAt: deps.now() };
        const made = await insertList(tx, caller.scope, row, { contactIds, keys, rule });
        await recordAudit(tx, {
          memberId: caller.memberId,
          action: 'contact_list.created',
          subject: `contact-list:${made.id}`,
          detail: { count: made.count },
        });
        return made;
      }),
    { timeout: 90_000 },
  );
}
