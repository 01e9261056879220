import { route, type Route } from '#server/base/http.ts';
import { conversationApi } from './conversation-api.ts';
import { editChatSource, listChatSources } from './edit-chat-source.ts';
import { listMessages } from './list-messages.ts';
import { pasteConversation } from './paste-conversation.ts';

export const conversationRoutes: Route[] = [
  route(conversationApi.messages, (deps, { caller, query }) =>
    listMessages(deps, caller, {
      contactId: query.contactId,
      before: query.before ? new Date(query.before) : null,
      around: query.around ?? null,
      limit: query.limit,
    }),
  ),
  route(conversationApi.paste, (deps, { caller, body }) => pasteConversation(deps, caller, body)),
  route(conversationApi.sources, async (deps) => ({ items: await listChatSources(deps) })),
  route(conversationApi.editSource, (deps, { caller, params, body }) => editChatSource(deps, caller, params.id, body)),
];
