import { route, type Route } from '#server/base/http.ts';
import { saveModelSettings, viewModelSettings } from './edit-model-settings.ts';
import { listRuns } from './list-runs.ts';
import { usageApi } from './usage-api.ts';
import { viewPrompts } from './view-prompts.ts';
import { viewUsage } from './view-usage.ts';

export const usageRoutes: Route[] = [
  route(usageApi.usage, (deps, { query }) => viewUsage(deps, query)),
  route(usageApi.runs, (deps, { query }) => listRuns(deps, query)),
  route(usageApi.prompts, async (deps) => ({ items: await viewPrompts(deps) })),
  route(usageApi.settings, (deps) => viewModelSettings(deps)),
  route(usageApi.saveSettings, (deps, { caller, body }) => saveModelSettings(deps, caller, body)),
];
