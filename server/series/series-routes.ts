import { route, type Route } from '#server/base/http.ts';
import { createSeries, editSeries, moveSeries } from './edit-series.ts';
import { seriesApi } from './series-api.ts';
import { changeRun } from './change-run.ts';
import { listRuns, runsOfContact } from './view-run.ts';
import { viewAllSeries } from './view-series.ts';

export const seriesRoutes: Route[] = [
  route(seriesApi.list, async (deps) => ({ items: await viewAllSeries(deps) })),
  route(seriesApi.create, (deps, { caller, body }) => createSeries(deps, caller, body)),
  route(seriesApi.edit, (deps, { caller, params, body }) => editSeries(deps, caller, params.id, body)),
  route(seriesApi.move, (deps, { caller, params, body }) => moveSeries(deps, caller, params.id, body.state)),
  route(seriesApi.runs, (deps, { caller, params, query }) =>
    listRuns(deps, caller, params.id, { state: query.state, after: query.after ?? null, limit: query.limit }),
  ),
  route(seriesApi.ofContact, async (deps, { caller, params }) => ({
    items: await runsOfContact(deps, caller, params.id),
  })),
  route(seriesApi.moveRun, (deps, { caller, params, body }) => changeRun(deps, caller, params.id, body.state)),
];
