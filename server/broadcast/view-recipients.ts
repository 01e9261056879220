import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { getBroadcast } from './broadcast-store.ts';
import { badCursor } from './list-broadcasts.ts';
import { listNamesInScope, listRecipients } from './recipient-store.ts';
import type { recipientView, resultsApi } from './results-api.ts';

type Query = z.output<NonNullable<typeof resultsApi.recipients.query>>;

/** The people behind a number. Who is outside the caller's scope is counted, and not named. */
export async function viewRecipients(
  deps: Deps,
  caller: Caller,
  id: string,
  { after, limit, ...filter }: Query,
): Promise<{ items: z.input<typeof recipientView>[]; nextAfter: string | null }> {
  const { db } = deps;
  await getBroadcast(db, id);
  if (after && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(after)) throw badCursor();
  const found = await listRecipients(db, id, filter, { after: after ?? null, limit: limit + 1 });
  const page = found.slice(0, limit);
  const names = await listNamesInScope(
    db,
    caller.scope,
    page.map(({ contactId }) => contactId),
  );
  const members = await listMemberNames(
    db,
    page.map(({ memberId }) => memberId),
  );
  return {
    items: page.map(({ memberId, deliveredAt, repliedAt, ...one }) => ({
      contactId: one.contactId,
      name: names.get(one.contactId)?.name ?? null,
      customerName: names.get(one.contactId)?.customerName ?? null,
      part: one.part,
      reason: one.reason,
      member: memberId === null ? null : { id: memberId, name: members.get(memberId) ?? '' },
      variant: one.variant,
      state: one.state,
      failure: one.failure,
      deliveredAt: deliveredAt?.toISOString() ?? null,
      repliedAt: repliedAt?.toISOString() ?? null,
    })),
    nextAfter: found.length > limit ? (page.at(-1)?.contactId ?? null) : null,
  };
}
