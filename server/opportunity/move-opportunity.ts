import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { changeOpportunity, getSeen } from './change-opportunity.ts';
import { isAskedAlready, openRequest } from './open-request.ts';
import {
  differences,
  gateShut,
  measureOfException,
  move,
  mustAllowException,
  type Opportunity,
} from './opportunity.ts';
import type { GateFact, opportunityApi } from './opportunity-api.ts';
import { getOpportunity } from './opportunity-store.ts';

export type StageWish = z.infer<NonNullable<typeof opportunityApi.move.body>>;

/** Moves it where its gate is open; where it is shut, asks for an exception if the caller says why, else says what is missing. */
export async function moveOpportunity(deps: Deps, caller: Caller, id: string, wish: StageWish): Promise<Opportunity> {
  const { version, stage, outcome, exceptionReason, requestKey = randomUUID() } = wish;
  if (exceptionReason !== undefined && (await isAskedAlready(deps, caller, id, requestKey)))
    return getOpportunity(deps.db, deps.cipher, caller.scope, id);

  const sale = await getSeen(deps, caller, { id, version });
  const { missing } = move(sale, { stage, outcome }, caller);
  if (missing.length > 0) {
    if (exceptionReason === undefined) throw gateShut(stage, missing);
    return askException(deps, caller, sale, { stage, missing, reason: exceptionReason, requestKey });
  }
  return changeOpportunity(deps, caller, { id, version }, (now) =>
    differences(now, move(now, { stage, outcome }, caller).change),
  );
}

async function askException(
  deps: Deps,
  caller: Caller,
  sale: Opportunity,
  {
    stage,
    missing,
    reason,
    requestKey,
  }: { stage: Opportunity['stage']; missing: GateFact[]; reason: string; requestKey: string },
): Promise<Opportunity> {
  mustAllowException(stage);
  await openRequest(deps, caller, sale, {
    kind: 'stage_exception',
    content: { opportunityId: sale.id, from: sale.stage, to: stage, missing },
    measure: measureOfException(sale),
    reason,
    requestKey,
  });
  return getOpportunity(deps.db, deps.cipher, caller.scope, sale.id);
}
