import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { openStages, stalledBefore, type Opportunity } from './opportunity.ts';
import type { opportunityApi } from './opportunity-api.ts';
import { listOpportunities as listRows, type PagePoint } from './opportunity-store.ts';

export type OpportunityQuery = z.infer<NonNullable<typeof opportunityApi.list.query>>;

/** A page of what the caller sees, last changed first, and where the next one begins. */
export async function listOpportunities(
  deps: Deps,
  caller: Caller,
  query: OpportunityQuery,
): Promise<{ opportunities: Opportunity[]; nextAfter: string | null }> {
  const { customerId, ownerId, stage, stalled, after, limit } = query;
  const stages = stalled ? openStages.filter((one) => !stage || one === stage) : stage && [stage];
  const found = await listRows(
    deps.db,
    deps.cipher,
    caller.scope,
    {
      ownerId,
      stages,
      customerIds: customerId ? [customerId] : undefined,
      stageBefore: stalled ? stalledBefore(deps.now()) : undefined,
    },
    { after: after ? readCursor(after) : null, limit: limit + 1 },
  );
  const opportunities = found.slice(0, limit);
  const last = opportunities.at(-1);
  return { opportunities, nextAfter: found.length > limit && last ? writeCursor(last) : null };
}

const writeCursor = ({ updatedAt, id }: PagePoint): string =>
  Buffer.from(`${updatedAt.getTime().toString(36)}.${id}`).toString('base64url');

function readCursor(cursor: string): PagePoint {
  const [, at, id] =
    /^([0-9a-z]{1,9})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, 'base64url').toString(),
    ) ?? [];
  const updatedAt = new Date(Number.parseInt(at ?? '', 36));
  if (!id || Number.isNaN(updatedAt.getTime()))
    throw new Refusal('opportunity.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
  return { updatedAt, id };
}
