import { route, type Route } from '#server/base/http.ts';
import { closeChurnAlert } from './close-alert.ts';
import { healthApi } from './health-api.ts';
import { listAlerts } from './list-alerts.ts';

export const healthRoutes: Route[] = [
  route(healthApi.alerts, (deps, { caller, query }) => listAlerts(deps, caller, query)),
  route(healthApi.close, (deps, { caller, params, body }) => closeChurnAlert(deps, caller, { ...params, ...body })),
];
