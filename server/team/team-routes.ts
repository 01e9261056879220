import { route, type Route } from '#server/base/http.ts';
import { readFollowUp, saveFollowUp } from './follow-up-setting.ts';
import { remindRep } from './remind-rep.ts';
import { teamApi } from './team-api.ts';
import { viewPipeline, viewReps, viewSilent, viewSummary } from './view-team.ts';

export const teamRoutes: Route[] = [
  route(teamApi.summary, (deps, { caller }) => viewSummary(deps, caller)),
  route(teamApi.pipeline, async (deps, { caller, query }) => ({
    stages: await viewPipeline(deps, caller, query.ownerId),
  })),
  route(teamApi.reps, async (deps, { caller }) => ({ items: await viewReps(deps, caller) })),
  route(teamApi.silent, (deps, { caller, query }) => viewSilent(deps, caller, query)),
  route(teamApi.remind, (deps, { caller, body }) => remindRep(deps, caller, body)),
  route(teamApi.readSetting, (deps) => readFollowUp(deps.db)),
  route(teamApi.saveSetting, (deps, { caller, body }) => saveFollowUp(deps, caller, body)),
];
