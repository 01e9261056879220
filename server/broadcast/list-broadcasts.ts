import type { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { readCursor, writeCursor } from '#server/base/page-cursor.ts';
import { Refusal } from '#server/base/refusal.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { broadcastApi, broadcastLine } from './broadcast-api.ts';
import { listBroadcasts as listRows, listSegmentNames } from './broadcast-store.ts';
import { countReached } from './recipient-store.ts';

type Query = z.output<NonNullable<typeof broadcastApi.list.query>>;

export async function listBroadcasts(
  deps: Deps,
  { state, search, after, limit }: Query,
): Promise<{ items: z.input<typeof broadcastLine>[]; nextAfter: string | null }> {
  const { db } = deps;
  const found = await listRows(db, { state, search }, { after: after ? pointIn(after) : null, limit: limit + 1 });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const segments = await listSegmentNames(
    db,
    page.map(({ segmentId }) => segmentId),
  );
  const names = await listMemberNames(
    db,
    page.map(({ ownerId }) => ownerId),
  );
  const reached = await countReached(
    db,
    page.filter(({ startedAt }) => startedAt !== null).map(({ id }) => id),
  );
  return {
    items: page.map((one) => ({
      id: one.id,
      name: one.name,
      state: one.state,
      pausedAt: one.pausedAt?.toISOString() ?? null,
      segmentName: segments.get(one.segmentId ?? '') ?? null,
      target: one.planCounts?.target ?? null,
      delivered: reached.get(one.id)?.delivered ?? 0,
      replied: reached.get(one.id)?.replied ?? 0,
      sendAt: one.sendAt?.toISOString() ?? null,
      startedAt: one.startedAt?.toISOString() ?? null,
      owner: { id: one.ownerId, name: names.get(one.ownerId) ?? '' },
      updatedAt: one.updatedAt.toISOString(),
    })),
    nextAfter: found.length > limit && last ? writeCursor({ at: last.updatedAt, id: last.id }) : null,
  };
}

interface PagePoint {
  updatedAt: Date;
  id: string;
}

function pointIn(cursor: string): PagePoint {
  const end = readCursor(cursor);
  if (!end) throw badCursor();
  return { updatedAt: end.at, id: end.id };
}

export const badCursor = () =>
  new Refusal('broadcast.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
