import { route, type Route } from '#server/base/http.ts';
import { askToTrain } from './ask-to-train.ts';
import { chooseBasis } from './choose-basis.ts';
import { scoringModelApi } from './model-api.ts';
import { clearOverride, overrideScore } from './override-score.ts';
import { promoteModel } from './promote-model.ts';
import { scoringApi } from './scoring-api.ts';
import { viewModels } from './view-models.ts';
import { listScoreViews } from './view-score.ts';

export const scoringRoutes: Route[] = [
  route(scoringApi.history, (deps, { caller, query }) => listScoreViews(deps, caller, query)),
  route(scoringApi.override, (deps, { caller, body }) => overrideScore(deps, caller, body)),
  route(scoringApi.clearOverride, (deps, { caller, query }) => clearOverride(deps, caller, query)),

  route(scoringModelApi.state, (deps, { query }) => viewModels(deps, query.target)),
  route(scoringModelApi.train, (deps, { body }) => askToTrain(deps, body)),
  route(scoringModelApi.promote, (deps, { caller, params, body }) =>
    promoteModel(deps, caller, { ...params, ...body }),
  ),
  route(scoringModelApi.choose, (deps, { caller, body }) => chooseBasis(deps, caller, body)),
];
