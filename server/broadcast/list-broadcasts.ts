import type { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
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
  const found = await listRows(db, { state, search }, { after: after ? readCursor(after) : null, limit: limit + 1 });
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
    nextAfter: found.length > limit && last ? writeCursor(last) : null,
  };
}

interface PagePoint {
  updatedAt: Date;
  id: string;
}

const writeCursor = ({ updatedAt, id }: PagePoint): string =>
  Buffer.from(`${updatedAt.getTime().toString(36)}.${id}`).toString('base64url');

function readCursor(cursor: string): PagePoint {
  const [, at, id] =
    /^([0-9a-z]{1,11})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, 'base64url').toString(),
    ) ?? [];
  const updatedAt = new Date(Number.parseInt(at ?? '', 36));
  if (!id || Number.isNaN(updatedAt.getTime())) throw badCursor();
  return { updatedAt, id };
}

export const badCursor = () =>
  new Refusal('broadcast.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
