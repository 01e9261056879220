import { route, type Route } from '#server/base/http.ts';
import { draftReply } from './draft-reply.ts';
import { giveFeedback } from './give-feedback.ts';
import { keepDraft } from './keep-draft.ts';
import { refreshSummary } from './refresh-summary.ts';
import { summaryApi } from './summary-api.ts';

export const summaryRoutes: Route[] = [
  route(summaryApi.refresh, (deps, { caller, body }) => refreshSummary(deps, caller, body)),
  route(summaryApi.draft, (deps, { caller, body }) => draftReply(deps, caller, body)),
  route(summaryApi.saveDraft, (deps, { caller, params, body }) => keepDraft(deps, caller, { ...params, ...body })),
  route(summaryApi.feedback, async (deps, { caller, body }) => {
    await giveFeedback(deps, caller, body);
    return {};
  }),
];
