import { route, type Route } from '#server/base/http.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { countSegment } from './count-segment.ts';
import { createList } from './create-list.ts';
import { draftSegment } from './draft-segment.ts';
import { listFields } from './list-fields.ts';
import { listLists } from './list-store.ts';
import { matchList } from './match-list.ts';
import { removeList } from './remove-list.ts';
import { removeSegment } from './remove-segment.ts';
import { saveSegment } from './save-segment.ts';
import { segmentApi } from './segment-api.ts';
import { getSegment, listSegments, listVersions } from './segment-store.ts';
import { viewLists } from './view-list.ts';
import { viewSegment, viewSegments } from './view-segment.ts';

export const segmentRoutes: Route[] = [
  route(segmentApi.fields, async (deps) => ({ fields: await listFields(deps) })),
  route(segmentApi.list, async (deps, { query }) => ({
    items: await viewSegments(deps, await listSegments(deps.db, query.search ?? '')),
  })),
  route(segmentApi.read, async (deps, { params }) => viewSegment(deps, await getSegment(deps.db, params.id))),
  route(segmentApi.versions, async (deps, { params }) => {
    const { id } = await getSegment(deps.db, params.id);
    const versions = await listVersions(deps.db, id);
    const names = await listMemberNames(
      deps.db,
      versions.map(({ memberId }) => memberId),
    );
    return {
      items: versions.map(({ version, name, rule, memberId, at }) => ({
        version,
        name,
        rule,
        by: { id: memberId, name: names.get(memberId) ?? '' },
        at: at.toISOString(),
      })),
    };
  }),
  route(segmentApi.create, (deps, { caller, body }) => saveSegment(deps, caller, body, null)),
  route(segmentApi.edit, (deps, { caller, params, body }) => {
    const { version, ...draft } = body;
    return saveSegment(deps, caller, draft, { ...params, version });
  }),
  route(segmentApi.remove, async (deps, { caller, params }) => {
    await removeSegment(deps, caller, params);
    return {};
  }),
  route(segmentApi.count, (deps, { caller, body }) => countSegment(deps, caller, body)),
  route(segmentApi.draft, (deps, { caller, body }) => draftSegment(deps, caller, body)),
  route(segmentApi.lists, async (deps) => ({ items: await viewLists(deps, await listLists(deps.db)) })),
  route(segmentApi.matchList, (deps, { caller, body }) => matchList(deps, caller, body)),
  route(segmentApi.createList, (deps, { caller, body }) =>
    createList(deps, caller, { ...body, keys: body.keys ?? null, segmentId: body.segmentId ?? null }),
  ),
  route(segmentApi.removeList, async (deps, { caller, params }) => {
    await removeList(deps, caller, params);
    return {};
  }),
];
