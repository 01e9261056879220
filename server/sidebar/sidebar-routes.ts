import { route, type Route } from '#server/base/http.ts';
import { readSidebar } from './read-sidebar.ts';
import { sidebarApi } from './sidebar-api.ts';

export const sidebarRoutes: Route[] = [
  route(sidebarApi.read, (deps, { caller, query }) => readSidebar(deps, caller, query)),
];
