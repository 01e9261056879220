import type { InboundEvent } from '#prisma/client/client.ts';
import { route, type Route } from '#server/base/http.ts';
import { inboundApi, type InboundEventView } from './inbound-api.ts';
import type { InboundState } from './inbound-event.ts';
import { countByState, listEvents } from './inbound-store.ts';
import { replayDead, replayEvent } from './replay-event.ts';
import { startSync } from './start-sync.ts';
import { viewSyncRun } from './sync-run.ts';
import { listSyncRuns } from './sync-run-store.ts';

const SYNC_RUNS_SHOWN = 50;

export const inboundRoutes: Route[] = [
  route(inboundApi.list, async (deps, { query }) => {
    const before = query.before === undefined ? undefined : BigInt(query.before);
    const rows = await listEvents(deps.db, { ...query, before });
    const last = rows.length === query.limit ? rows.at(-1) : undefined;
    return {
      items: rows.map(view),
      counts: await countByState(deps.db),
      nextBefore: last ? String(last.id) : null,
    };
  }),
  route(inboundApi.replay, async (deps, { params, caller }) =>
    view(await replayEvent(deps, { id: BigInt(params.id), by: caller.memberId })),
  ),
  route(inboundApi.replayDead, async (deps, { caller }) => ({
    replayed: await replayDead(deps, { by: caller.memberId }),
  })),
  route(inboundApi.syncRuns, async (deps) => ({
    items: (await listSyncRuns(deps.db, SYNC_RUNS_SHOWN)).map(viewSyncRun),
  })),
  route(inboundApi.startSync, async (deps, { body, caller }) =>
    viewSyncRun(await startSync(deps, { ...body, by: caller.memberId })),
  ),
];

function view(row: InboundEvent): InboundEventView {
  const { platform, kind, subject, attempts, lastError } = row;
  const time = (date: Date | null) => date?.toISOString() ?? null;
  return {
    id: String(row.id),
    platform,
    kind,
    subject,
    state: row.state as InboundState,
    attempts,
    lastError,
    occurredAt: row.occurredAt.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
    nextAttemptAt: time(row.nextAttemptAt),
    handledAt: time(row.handledAt),
  };
}
