import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { readCursor, writeCursor } from '#server/base/page-cursor.ts';
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
    { after: after ? pointIn(after) : null, limit: limit + 1 },
  );
  const opportunities = found.slice(0, limit);
  const last = opportunities.at(-1);
  return {
    opportunities,
    nextAfter: found.length > limit && last ? writeCursor({ at: last.updatedAt, id: last.id }) : null,
  };
}

function pointIn(cursor: string): PagePoint {
  const end = readCursor(cursor);
  if (!end) throw new Refusal('opportunity.cursor', 'Pass `after` as the last page gave it, or leave it out.', 400);
  return { updatedAt: end.at, id: end.id };
}
