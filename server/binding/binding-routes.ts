import { route, type Route } from '#server/base/http.ts';
import { bindContact, createAndBind } from './bind-contact.ts';
import { bindingApi } from './binding-api.ts';
import { changeRole } from './change-role.ts';
import { findCandidates } from './find-candidates.ts';
import { unbindContact } from './unbind-contact.ts';
import { undoBinding } from './undo-binding.ts';
import { viewBinding, viewHistory } from './view-binding.ts';

export const bindingRoutes: Route[] = [
  route(bindingApi.candidates, async (deps, { caller, query }) => ({
    items: await findCandidates(deps, caller, query.contactId, query.search),
  })),
  route(bindingApi.bind, async (deps, { caller, body }) => {
    await bindContact(deps, caller, body);
    return viewBinding(deps, caller, body.contactId, body.customerId);
  }),
  route(bindingApi.createAndBind, async (deps, { caller, body }) => {
    const customerId = await createAndBind(deps, caller, body);
    return viewBinding(deps, caller, body.contactId, customerId);
  }),
  route(bindingApi.changeRole, async (deps, { caller, params, body }) => {
    await changeRole(deps, caller, { ...params, ...body });
    return viewBinding(deps, caller, params.contactId, params.customerId);
  }),
  route(bindingApi.unbind, async (deps, { caller, params }) => ({
    changeId: String(await unbindContact(deps, caller, params)),
  })),
  route(bindingApi.history, async (deps, { caller, query }) => ({
    items: await viewHistory(deps, caller, query.contactId),
  })),
  route(bindingApi.undo, async (deps, { caller, params }) => {
    await undoBinding(deps, caller, BigInt(params.id));
    return {};
  }),
];
