import { route, type Route } from '#server/base/http.ts';
import { findMeanings } from './embed-passages.ts';
import { findPassages } from './find-passages.ts';
import { knowledgeApi } from './knowledge-api.ts';
import { removeDocument } from './remove-document.ts';
import { renameDocument } from './rename-document.ts';
import { uploadDocument } from './upload-document.ts';
import { viewContents, viewDocument, viewDocuments } from './view-document.ts';

export const knowledgeRoutes: Route[] = [
  route(knowledgeApi.list, async (deps, { query }) => ({
    ...(await viewDocuments(deps, query)),
    byMeaning: (await findMeanings(deps)) !== null,
  })),
  // Before the route of one document, whose id would take this word.
  route(knowledgeApi.find, async (deps, { query }) => ({
    items: await findPassages(deps, query.question, query.limit, { isUrgent: true }),
  })),
  route(knowledgeApi.read, (deps, { params }) => viewContents(deps, params.id)),
  route(knowledgeApi.upload, async (deps, { caller, query, ctx }) =>
    viewDocument(deps, await uploadDocument(deps, caller, { ...query, request: ctx.req })),
  ),
  route(knowledgeApi.rename, async (deps, { caller, params, body }) =>
    viewDocument(deps, await renameDocument(deps, caller, { ...params, ...body })),
  ),
  route(knowledgeApi.remove, async (deps, { caller, params }) => {
    await removeDocument(deps, caller, params.id);
    return {};
  }),
];
