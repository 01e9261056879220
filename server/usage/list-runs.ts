import type { Deps } from '#server/base/deps.ts';
import { RequestInvalid } from '#server/base/refusal.ts';
import type { RunView } from './usage-api.ts';
import { isRun, listContactNames, listRuns as listRows } from './usage-store.ts';
import { yuan } from './usage.ts';

/** A page of the ledger, newest first, and where the next one begins. */
export async function listRuns(
  deps: Deps,
  query: { useCase?: string | undefined; outcome?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ items: RunView[]; next: string | null }> {
  const after = query.cursor ?? null;
  if (after && !(await isRun(deps.db, after)))
    throw new RequestInvalid([{ path: 'query.cursor', message: 'must be as the last page gave it' }]);
  const found = await listRows(deps.db, query, { after, limit: query.limit + 1 });
  const runs = found.slice(0, query.limit);
  const names = await listContactNames(deps.db, [...new Set(runs.flatMap(({ contactId }) => contactId ?? []))]);
  return {
    items: runs.map(({ at, costMicros, estimatedMicros, droppedCount, contactId, ...run }) => {
      const name = contactId === null ? undefined : names.get(contactId);
      return {
        ...run,
        at: at.toISOString(),
        costYuan: yuan(costMicros),
        estimatedYuan: yuan(estimatedMicros),
        dropped: droppedCount,
        contact: contactId !== null && name !== undefined ? { id: contactId, name } : null,
      };
    }),
    next: found.length > query.limit ? (runs.at(-1)?.id ?? null) : null,
  };
}
