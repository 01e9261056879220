import { route, type Route } from '#server/base/http.ts';
import { channelApi } from './channel-api.ts';
import { saveWelcome, viewWelcome } from './edit-welcome.ts';

export const channelRoutes: Route[] = [
  route(channelApi.welcome, (deps) => viewWelcome(deps)),
  route(channelApi.saveWelcome, (deps, { caller, body }) => saveWelcome(deps, caller, body)),
];
