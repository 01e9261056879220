import { route, type Route } from '#server/base/http.ts';
import { broadcastApi } from './broadcast-api.ts';
import { broadcastRulesApi } from './broadcast-rules-api.ts';
import { readBroadcastRules, saveBroadcastRules } from './broadcast-rules.ts';
import { getBroadcast } from './broadcast-store.ts';
import { cancelBroadcast } from './cancel-broadcast.ts';
import { copyBroadcast, createBroadcast, editBroadcast, removeBroadcast, startCheck } from './edit-broadcast.ts';
import { exportBroadcast } from './export-broadcast.ts';
import { listBroadcasts } from './list-broadcasts.ts';
import { pauseBroadcast, resumeBroadcast } from './pause-broadcast.ts';
import { remindMembers } from './remind-members.ts';
import { resultsApi } from './results-api.ts';
import { submitBroadcast } from './submit-broadcast.ts';
import { withdrawBroadcast } from './take-back.ts';
import { testBroadcast } from './test-broadcast.ts';
import { hurryResults } from './hurry-results.ts';
import { viewBroadcast } from './view-broadcast.ts';
import { viewRecipients } from './view-recipients.ts';
import { viewResults } from './view-results.ts';

export const broadcastRoutes: Route[] = [
  route(broadcastApi.list, (deps, { query }) => listBroadcasts(deps, query)),
  route(broadcastApi.read, async (deps, { caller, params }) =>
    viewBroadcast(deps, caller, await getBroadcast(deps.db, params.id)),
  ),
  route(broadcastApi.create, async (deps, { caller, body }) =>
    viewBroadcast(deps, caller, await createBroadcast(deps, caller, body)),
  ),
  route(broadcastApi.copy, async (deps, { caller, params, body }) =>
    viewBroadcast(deps, caller, await copyBroadcast(deps, caller, { ...params, ...body })),
  ),
  route(broadcastApi.edit, async (deps, { caller, params, body }) => {
    const sendAt = body.sendAt === null ? null : new Date(body.sendAt);
    return viewBroadcast(deps, caller, await editBroadcast(deps, caller, { ...params, ...body, sendAt }));
  }),
  route(broadcastApi.remove, async (deps, { caller, params }) => {
    await removeBroadcast(deps, caller, params.id);
    return {};
  }),
  route(broadcastApi.check, async (deps, { caller, params }) =>
    viewBroadcast(deps, caller, await startCheck(deps, caller, params.id)),
  ),
  route(resultsApi.recipients, (deps, { caller, params, query }) => viewRecipients(deps, caller, params.id, query)),
  route(broadcastApi.submit, async (deps, { caller, params, body }) =>
    viewBroadcast(deps, caller, await submitBroadcast(deps, caller, { ...params, ...body })),
  ),
  route(broadcastApi.withdraw, async (deps, { caller, params, body }) =>
    viewBroadcast(deps, caller, await withdrawBroadcast(deps, caller, { ...params, ...body })),
  ),
  route(broadcastApi.test, async (deps, { caller, params, body }) =>
    viewBroadcast(deps, caller, await testBroadcast(deps, caller, { ...params, ...body })),
  ),
  route(broadcastApi.pause, async (deps, { caller, params }) =>
    viewBroadcast(deps, caller, await pauseBroadcast(deps, caller, params)),
  ),
  route(broadcastApi.resume, async (deps, { caller, params }) =>
    viewBroadcast(deps, caller, await resumeBroadcast(deps, caller, params)),
  ),
  route(broadcastApi.cancel, async (deps, { caller, params, body }) =>
    viewBroadcast(deps, caller, await cancelBroadcast(deps, caller, { ...params, ...body })),
  ),
  route(broadcastApi.remind, (deps, { caller, params }) => remindMembers(deps, caller, params)),
  route(resultsApi.results, async (deps, { params }) => {
    await hurryResults(deps, params.id);
    return viewResults(deps, params.id);
  }),
  route(resultsApi.export, async (deps, { caller, params, query, ctx }) => {
    const lines = await exportBroadcast(deps, caller, { ...params, ...query });
    ctx.type = 'text/csv; charset=utf-8';
    ctx.attachment(`broadcast-${query.what}.csv`);
    return lines;
  }),
  route(broadcastRulesApi.read, (deps) => readBroadcastRules(deps.db)),
  route(broadcastRulesApi.save, (deps, { caller, body }) =>
    deps.db.$transaction((tx) => saveBroadcastRules(tx, body, caller.memberId)),
  ),
];
