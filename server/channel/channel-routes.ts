import { BytesAnswer, route, type Route } from '#server/base/http.ts';
import { channelApi } from './channel-api.ts';
import { getChannel, listChannels } from './channel-store.ts';
import { saveWelcome, viewWelcome } from './edit-welcome.ts';
import { readPicture } from './read-picture.ts';
import { archiveChannel, createChannel, editChannel } from './save-channel.ts';
import { viewBoard } from './view-board.ts';
import { viewChannel, viewChannels } from './view-channel.ts';

export const channelRoutes: Route[] = [
  route(channelApi.list, async (deps, { query }) => ({
    items: await viewChannels(deps, await listChannels(deps.db, query)),
  })),
  // Before the route of one channel, whose id would take this word.
  route(channelApi.board, async (deps, { query }) => ({ items: await viewBoard(deps, query) })),
  route(channelApi.read, async (deps, { params }) => viewChannel(deps, await getChannel(deps.db, params.id))),
  route(channelApi.create, async (deps, { caller, body }) =>
    viewChannel(deps, await createChannel(deps, caller, body)),
  ),
  route(channelApi.edit, async (deps, { caller, params, body }) =>
    viewChannel(deps, await editChannel(deps, caller, params.id, body)),
  ),
  route(channelApi.archive, async (deps, { caller, params }) =>
    viewChannel(deps, await archiveChannel(deps, caller, params.id)),
  ),
  route(channelApi.picture, async (deps, { params, ctx }) => {
    const { bytes, type, name } = await readPicture(deps, params.id);
    // A list of many is opened often; a code that was lost and made anew is seen soon enough.
    ctx.set('Cache-Control', 'private, max-age=300');
    return new BytesAnswer(bytes, type, name);
  }),
  route(channelApi.welcome, (deps) => viewWelcome(deps)),
  route(channelApi.saveWelcome, (deps, { caller, body }) => saveWelcome(deps, caller, body)),
];
