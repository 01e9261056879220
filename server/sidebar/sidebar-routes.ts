import { route, type Route } from '#server/base/http.ts';
import { countUse } from './count-use.ts';
import { readSidebar } from './read-sidebar.ts';
import { sidebarApi } from './sidebar-api.ts';

export const sidebarRoutes: Route[] = [
  route(sidebarApi.read, async (deps, { caller, query }) => {
    const view = await readSidebar(deps, caller, query);
    countUse(deps, caller.memberId);
    return view;
  }),
];
