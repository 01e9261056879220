import { route, type Route } from '#server/base/http.ts';
import { clearOverride, overrideScore } from './override-score.ts';
import { scoringApi } from './scoring-api.ts';
import { listScoreViews } from './view-score.ts';

export const scoringRoutes: Route[] = [
  route(scoringApi.history, (deps, { caller, query }) => listScoreViews(deps, caller, query)),
  route(scoringApi.override, (deps, { caller, body }) => overrideScore(deps, caller, body)),
  route(scoringApi.clearOverride, (deps, { caller, query }) => clearOverride(deps, caller, query)),
];
