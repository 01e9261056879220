import { route, type Route } from '#server/base/http.ts';
import { createOpportunity } from './create-opportunity.ts';
import { editOpportunity } from './edit-opportunity.ts';
import { listOpportunities } from './list-opportunities.ts';
import { moveOpportunity } from './move-opportunity.ts';
import { opportunityApi } from './opportunity-api.ts';
import { getOpportunity, listChanges } from './opportunity-store.ts';
import { prefillOpportunity } from './prefill-opportunity.ts';
import { requestDiscount } from './request-discount.ts';
import { requestTerms } from './request-terms.ts';
import { viewChanges, viewOpportunities, viewOpportunity } from './view-opportunity.ts';

export const opportunityRoutes: Route[] = [
  route(opportunityApi.list, async (deps, { caller, query }) => {
    const { opportunities, nextAfter } = await listOpportunities(deps, caller, query);
    return { items: await viewOpportunities(deps, caller, opportunities), nextAfter };
  }),
  // Before the route of one opportunity, whose id it would be.
  route(opportunityApi.prefill, (deps, { caller, query }) => prefillOpportunity(deps, caller, query.contactId)),
  route(opportunityApi.read, async (deps, { caller, params }) => {
    const sale = await getOpportunity(deps.db, deps.cipher, caller.scope, params.id);
    const changes = await listChanges(deps.db, deps.cipher, sale.id);
    return { ...(await viewOpportunity(deps, caller, sale)), changes: await viewChanges(deps, changes) };
  }),
  route(opportunityApi.create, async (deps, { caller, body }) =>
    viewOpportunity(deps, caller, await createOpportunity(deps, caller, body)),
  ),
  route(opportunityApi.edit, async (deps, { caller, params, body }) =>
    viewOpportunity(deps, caller, await editOpportunity(deps, caller, params.id, body)),
  ),
  route(opportunityApi.move, async (deps, { caller, params, body }) =>
    viewOpportunity(deps, caller, await moveOpportunity(deps, caller, params.id, body)),
  ),
  route(opportunityApi.requestDiscount, async (deps, { caller, params, body }) =>
    viewOpportunity(deps, caller, await requestDiscount(deps, caller, params.id, body)),
  ),
  route(opportunityApi.requestTerms, async (deps, { caller, params, body }) =>
    viewOpportunity(deps, caller, await requestTerms(deps, caller, params.id, body)),
  ),
];
