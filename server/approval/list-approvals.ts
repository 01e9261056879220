import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { readCursor, writeCursor } from '#server/base/page-cursor.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { approvalApi, ApprovalView } from './approval-api.ts';
import { countBoxes, inBox } from './box-store.ts';
import { listApprovals as listRows } from './approval-store.ts';
import { viewApprovals } from './view-approval.ts';

export type ApprovalQuery = z.infer<NonNullable<typeof approvalApi.list.query>>;

/** A page of one of the caller's boxes, newest first, where the next one begins, and how many wait in each box. */
export async function listApprovals(
  deps: Deps,
  caller: Caller,
  query: ApprovalQuery,
): Promise<{
  items: ApprovalView[];
  nextAfter: string | null;
  counts: { pending: number; copied: number; mine: number };
}> {
  const { box, kind, risk, state, subject, limit } = query;
  const { memberId } = caller;
  const found = await listRows(
    deps.db,
    deps.cipher,
    inBox(box, memberId, deps.now()),
    { kind, risk, state, subject },
    { after: query.after ? pointIn(query.after) : null, limit: limit + 1 },
  );
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: await viewApprovals(deps, caller, page),
    nextAfter: found.length > limit && last ? writeCursor({ at: last.createdAt, id: last.id }) : null,
    counts: await countBoxes(deps.db, memberId, deps.now()),
  };
}

interface PagePoint {
  createdAt: Date;
  id: string;
}

function pointIn(cursor: string): PagePoint {
  const end = readCursor(cursor);
  if (!end) throw new Refusal('approval.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
  return { createdAt: end.at, id: end.id };
}
